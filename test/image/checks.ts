/** What is looked at in one image, each check alone. A check rejects with what is wrong, or resolves with a figure. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { configFile, runToEnd, withConfig, type Setting } from './container.ts';
import { ask } from './engine.ts';
import { root } from './execute.ts';
import { configFindings, fileFindings, largestImage, writable, type ImageConfig } from './findings.ts';
import { hangs, reaps, stops } from './life-checks.ts';
import { delivers } from './pipeline-check.ts';

export interface Check {
  readonly name: string;
  readonly limitMs: number;
  /** Rejects with what is wrong; may resolve with a figure. */
  readonly run: (setting: Setting, signal: AbortSignal) => Promise<string | undefined>;
}

const check = (name: string, run: Check['run'], limitMs = 60_000): Check => ({ name, run, limitMs });

export const checks: readonly Check[] = [
  check('smaller than 250 MB', isSmall),
  check('user, entry point, labels, volume and health check', isConfigured),
  check('no sources, stand-ins or tools in it; what scanners read is', hasOnlyWhatRuns),
  check('dstream --version', startsFast),
  check('dstream validate and plan --offline', readsConfiguration),
  check('only its folder can be written to', isReadOnly),
  check('process 1 reaps what is left behind', reaps),
  check('the health check tells a process that works from one that hangs', hangs),
  check('SIGTERM reaches dstream, which exits 0', stops),
  check(
    'changes pass an ingester and a processor through hand-overs: none lost, none repeated, in order',
    delivers,
    180_000,
  ),
];

function none(findings: readonly string[]): void {
  if (findings.length > 0) throw new Error(findings.join('; '));
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

/** As a tar of all its files, which is what its layers together hold. */
async function isSmall({ engine, tag, folder }: Setting, signal: AbortSignal): Promise<string> {
  const tar = join(folder, 'image.tar');
  const [id = ''] = await ask(engine, ['create', tag], signal);
  await ask(engine, ['export', '--output', tar, id], signal);
  await ask(engine, ['rm', id], signal);
  const { unpacked, compressed } = await sizes(tar);
  if (unpacked >= largestImage) throw new Error(`it is ${megabytes(unpacked)}`);
  return `${megabytes(unpacked)}, compressed ${megabytes(compressed)}`;
}

async function sizes(file: string): Promise<{ readonly unpacked: number; readonly compressed: number }> {
  const gzip = createGzip();
  let compressed = 0;
  await pipeline(createReadStream(file), gzip, async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) compressed += chunk.length;
  });
  return { unpacked: gzip.bytesWritten, compressed };
}

async function isConfigured({ engine, tag, revision }: Setting, signal: AbortSignal): Promise<undefined> {
  const lines = await ask(engine, ['image', 'inspect', tag], signal);
  const [image] = JSON.parse(lines.join('\n')) as readonly Inspected[];
  none(configFindings({ Healthcheck: image?.Healthcheck ?? null, ...image?.Config }, revision));
}

/** podman has the health check beside `Config`, Docker within. */
interface Inspected {
  readonly Config: ImageConfig;
  readonly Healthcheck?: ImageConfig['Healthcheck'];
}

async function hasOnlyWhatRuns(image: Setting, signal: AbortSignal): Promise<undefined> {
  const flags = ['--entrypoint', 'busybox', '--user', '0:0'];
  const args = ['find', '/', '-xdev', '-type', 'f'];
  none(fileFindings(await runToEnd(image, { flags, args }, signal)));
}

async function startsFast(image: Setting, signal: AbortSignal): Promise<string> {
  const manifest = await readFile(join(root, 'apps/dstream/package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { readonly version: string };
  const startMs = performance.now();
  const [printed] = await runToEnd(image, { args: ['--version'] }, signal);
  const seconds = (performance.now() - startMs) / 1_000;
  if (printed !== version) throw new Error(`it printed ${printed}, not ${version}`);
  return `${seconds.toFixed(2)} s with the start of the container`;
}

async function readsConfiguration(image: Setting, signal: AbortSignal): Promise<undefined> {
  const flags = withConfig(join(root, 'config/minimal.hcl'));
  const env = {
    DSTREAM_DB_CONNECTION_STRING: 'Server=localhost;Database=shop;User Id=dstream;Password=none',
  };
  await runToEnd(image, { flags, env, args: ['validate', configFile] }, signal);
  const plan = await runToEnd(
    image,
    { flags, env, args: ['plan', '--offline', '--config', configFile] },
    signal,
  );
  if (!plan.join('').includes('dbo.Persons')) throw new Error(`plan printed ${plan.join(' ')}`);
}

async function isReadOnly(image: Setting, signal: AbortSignal): Promise<undefined> {
  const write = `id -u; echo 1 >${writable}/file && echo written`;
  const script = `${write}; for place in / /app /tmp /etc; do (echo 1 >$place/file) 2>&1; done; pwd`;
  const lines = await runToEnd(image, { flags: ['--entrypoint', 'sh'], args: ['-c', script] }, signal);
  const refused = lines.filter((line) => line.includes('Read-only file system'));
  const seen = [lines[0], lines[1], refused.length, lines.at(-1)].join(' ');
  if (seen !== `10001 written 4 ${writable}`) throw new Error(lines.join('; '));
}

/** How the image lives and ends: a processor whose broker is not there, on a network of its own. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { aboutService, configFile, Container, withConfig, type Setting } from './container.ts';

const config = `
processor {
  source { connection_string = "Endpoint=sb://127.0.0.1;SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true" }
  output { type = "console" }
}
`;

async function startProcessor(setting: Setting, signal: AbortSignal): Promise<Container> {
  const file = join(setting.folder, 'processor.hcl');
  await writeFile(file, config);
  const flags = ['--network', 'none', ...withConfig(file)];
  await using starting = new AsyncDisposableStack();
  const args = ['processor', '--config', configFile];
  const container = starting.use(new Container(setting, { flags, args }, signal));
  await container.logged('receiving failed; retrying');
  starting.move();
  return container;
}

/** An orphan becomes a child of process 1. One that is not reaped stays as a zombie. */
export async function reaps(setting: Setting, signal: AbortSignal): Promise<undefined> {
  await using container = await startProcessor(setting, signal);
  const [pid] = await container.exec(['sh', '-c', 'sleep 1 >/dev/null 2>&1 & echo $!']);
  const wait = `for _ in ${'. '.repeat(100)}; do [ -e /proc/${pid} ] || exit 0; sleep 0.1; done`;
  await container.exec(['sh', '-c', `${wait}; echo process ${pid} is still there >&2; exit 1`]);
}

const healthCheck = ['/app/bin/dstream', 'health'];

export async function hangs(setting: Setting, signal: AbortSignal): Promise<undefined> {
  await using container = await startProcessor(setting, signal);
  await container.exec(healthCheck);
  await container.exec(aboutService('kill -STOP $pid'));
  const [seen] = await Promise.allSettled([container.exec(healthCheck)]);
  if (seen.status === 'fulfilled') throw new Error(`of a stopped process it says ${seen.value.join(' ')}`);
  await container.exec(aboutService('kill -CONT $pid'));
  await container.exec(healthCheck);
}

export async function stops(setting: Setting, signal: AbortSignal): Promise<string> {
  await using container = await startProcessor(setting, signal);
  const startMs = performance.now();
  await container.stop();
  return `after ${((performance.now() - startMs) / 1_000).toFixed(1)} s`;
}

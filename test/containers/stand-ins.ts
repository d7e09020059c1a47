/** Our own stand-ins as a process of their own, in the place of the containers: the same suites, the same variables. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Entities, StandIns } from '@dstream/stand-ins';
import type { RunningServices } from './running-services.ts';

const program = fileURLToPath(new URL('../stand-ins/all/src/main.ts', import.meta.url));
/** The files of both emulators. */
const declarations = ['service-bus.json', 'event-hubs.json'].map((name) => new URL(name, import.meta.url));

export async function startStandInsProcess(): Promise<RunningServices> {
  const folder = await mkdtemp(join(tmpdir(), 'dstream-stand-ins-'));
  try {
    const entities = join(folder, 'entities.json');
    await writeFile(entities, JSON.stringify(await declared()));
    return await started(entities);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Both sides in one: they name their lists differently. */
async function declared(): Promise<Entities> {
  const files = await Promise.all(declarations.map((file) => readFile(file, 'utf8')));
  const sides = files.map((text) => (JSON.parse(text) as Entities).UserConfig);
  return { UserConfig: Object.assign({}, ...sides) as Entities['UserConfig'] };
}

/** Resolves when the file has been read and all can be connected to. */
async function started(entities: string): Promise<RunningServices> {
  const child = spawn(process.execPath, [program, '--entities', entities], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { env } = await ready(child);
  return {
    env: {
      DSTREAM_TEST_SQL_CONNECTION_STRING: env.DSTREAM_DB_CONNECTION_STRING.replace(
        /Database=[^;]*/,
        'Database=master',
      ),
      DSTREAM_TEST_SERVICE_BUS_CONNECTION_STRING: env.DSTREAM_INGEST_CONNECTION_STRING,
      DSTREAM_TEST_EVENT_HUBS_CONNECTION_STRING: env.DSTREAM_EVENT_HUBS_CONNECTION_STRING,
      DSTREAM_TEST_BLOB_CONNECTION_STRING: env.DSTREAM_BLOB_CONNECTION_STRING,
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The one line that the process prints when all can be connected to. */
async function ready(child: ChildProcess): Promise<Pick<StandIns, 'env'>> {
  if (child.stdout === null) throw new Error('the output is piped');
  const lines = createInterface(child.stdout);
  for await (const line of lines) return JSON.parse(line) as Pick<StandIns, 'env'>;
  throw new Error('the stand-ins ended before they were ready');
}

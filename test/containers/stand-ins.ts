/** Our own stand-ins as a process of their own, in the place of the containers: the same suites, the same variables. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StandIns } from '@dstream/stand-ins';
import type { RunningServices } from './running-services.ts';

const program = fileURLToPath(new URL('../../libs/stand-ins/src/main.ts', import.meta.url));
const entities = fileURLToPath(new URL('service-bus.json', import.meta.url));

export async function startStandInsProcess(): Promise<RunningServices> {
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

/** What a pass over idle tables costs: statements, as SQL Server counts them, and CPU of the process that reads. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createCapturedTable, openDatabase } from '../support/database.ts';
import { figure, type Figure } from './figure.ts';
import type { ProbeOptions, ProbeRun } from './probe-program.ts';
import { flags } from './read.ts';
import { StandInsProcess } from './stand-ins-process.ts';

const counts = [1, 10, 100, 300, 1_000];
const passes = 100;

export async function probe(): Promise<readonly Figure[]> {
  await using standIns = await StandInsProcess.start();
  const tables = Array.from({ length: Math.max(...counts) }, (_, n) => `T${n + 1}`);
  const pool = await openDatabase(standIns.env.DSTREAM_DB_CONNECTION_STRING);
  const figures: Figure[] = [];
  let created = 0;
  for (const count of counts) {
    // No more than are read: a probe is told of every capture instance of the database.
    for (const table of tables.slice(created, count)) await createCapturedTable(pool, table);
    created = count;
    figures.push(...(await probeOf(standIns, tables.slice(0, count))));
  }
  await pool.close();
  return figures;
}

async function probeOf(standIns: StandInsProcess, tables: readonly string[]): Promise<readonly Figure[]> {
  const connectionString = standIns.env.DSTREAM_DB_CONNECTION_STRING;
  const child = start({ connectionString, tables, passes });
  await message(child);
  const before = await standIns.progress();
  const ended = message(child);
  child.send('go');
  const { cpuMs } = (await ended) as ProbeRun;
  const after = await standIns.progress();
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  const name = `probe, pass over ${tables.length} idle table${tables.length === 1 ? '' : 's'}`;
  process.stderr.write(`  ${String(tables.length).padEnd(24)} ${cpuMs.toFixed(2)} ms of CPU\n`);
  return [
    figure(`${name}, statements`, (after.statements - before.statements) / passes, ''),
    figure(`${name}, CPU (median of ${passes})`, cpuMs, 'ms'),
  ];
}

function start(options: ProbeOptions): ChildProcess {
  const program = fileURLToPath(new URL('probe-program.ts', import.meta.url));
  return fork(program, [JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [...process.execArgv, ...flags],
  });
}

/** What the child says next. Rejects when it ends without a word. */
async function message(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const ended = once(child, 'exit', { signal: over.signal }).then(([code]) =>
    Promise.reject(new Error(`probe-program.ts ended with ${code}`)),
  );
  try {
    const [said] = (await Promise.race([once(child, 'message', { signal: over.signal }), ended])) as [
      unknown,
    ];
    return said;
  } finally {
    over.abort();
    ended.catch(() => undefined);
  }
}

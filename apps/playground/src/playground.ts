/**
 * The whole pipeline on one machine. Starting (stand-ins, shop, processes) → running (the workload writes, the far
 * end is watched) → settling (no more writes; until everything has arrived) → stopped (processes ended, stand-ins
 * closed).
 */
import { fileURLToPath } from 'node:url';
import { decodeEnvelope, type Clock } from '@dstream/core';
import { onAbort, withAny } from '@dstream/runtime';
import { startStandIns } from '@dstream/stand-ins';
import sql from 'mssql';
import { Arrivals } from './arrivals.ts';
import { Child } from './child-process.ts';
import type { Screen, Summary } from './screen.ts';
import { shopSchema, shopTables } from './shop-schema.ts';
import { Workload } from './workload.ts';

export interface PlaygroundOptions {
  readonly clock: Clock;
  readonly screen: Screen;
  /** How long the workload writes, in milliseconds; undefined: until `stop`. */
  readonly forMs: number | undefined;
  /** The first Ctrl-C. */
  readonly stop: AbortSignal;
  /** The second one. */
  readonly abort: AbortSignal;
}

const config = fileURLToPath(import.meta.resolve('../../../config/playground.hcl'));

/** How long everything may take to arrive after the last write. A killed ingester's lease is 15 s. */
const settleMs = 60_000;
const pauseMs = 80;
const refreshMs = 200;

/** Resolves with what came through, or undefined when it was stopped before it ran. */
export async function runPlayground(options: PlaygroundOptions): Promise<Summary> {
  await using stack = new AsyncDisposableStack();
  const { screen, clock } = options;
  screen.say('starting the stand-ins: SQL Server, Service Bus, blob storage');
  const standIns = await startStandIns({});
  stack.defer(() => standIns.close());
  const pool = stack.adopt(await connect(standIns.env['DSTREAM_DB_CONNECTION_STRING']), (p) => p.close());
  screen.say(`creating the shop: ${shopTables.join(', ')}, captured`);
  for (const statement of shopSchema) await pool.query(statement);
  const arrivals = new Arrivals();
  const workload = new Workload({ pool, clock, random: Math.random, pauseMs });
  const children = startChildren(options, standIns.env, arrivals);
  stack.defer(() => stopChildren(children, options));
  await work(options, workload, arrivals);
  return summarise(workload, arrivals);
}

interface Replica {
  readonly instance: string;
  readonly child: Child;
}

async function connect(connectionString: string | undefined): Promise<sql.ConnectionPool> {
  const pool = new sql.ConnectionPool(connectionString ?? '');
  pool.on('error', () => undefined);
  return pool.connect();
}

function startChildren(
  { screen, clock }: PlaygroundOptions,
  env: Readonly<Record<string, string>>,
  arrivals: Arrivals,
): readonly Replica[] {
  const onLine = (line: string) => {
    const event = decodeEnvelope(line);
    arrivals.add(event, clock.wallMs());
    screen.change(event, line);
  };
  return (['ingester', 'processor'] as const).flatMap((command) =>
    [1, 2].map((n) => {
      const instance = `${command}-${n}`;
      screen.say(`starting dstream ${command} --config config/playground.hcl --instance ${instance}`);
      const onLog = (line: string) => sayWarnings(screen, instance, line);
      const args = [command, '--config', config, '--instance', instance, '--log-format', 'json'];
      return { instance, child: new Child({ args, env: { ...process.env, ...env }, onLine, onLog }) };
    }),
  );
}

/** Normal operation is silent; what is a warning or worse is shown. */
function sayWarnings(screen: Screen, instance: string, line: string): void {
  let entry: { level?: string; msg?: string; reason?: string; error?: string };
  try {
    entry = JSON.parse(line) as typeof entry;
  } catch {
    screen.say(`${instance}: ${line}`);
    return;
  }
  if (entry.level !== 'warn' && entry.level !== 'error') return;
  const detail = entry.reason ?? entry.error;
  screen.say(`${instance}: ${entry.msg ?? line}${detail === undefined ? '' : ` (${detail})`}`);
}

/** Writes for the given time or until stopped, then waits until everything has arrived. */
async function work(options: PlaygroundOptions, workload: Workload, arrivals: Arrivals): Promise<void> {
  const { clock, forMs, stop, abort, screen } = options;
  const time = new AbortController();
  const shown = new AbortController();
  const showing = show(options, workload, arrivals, shown.signal);
  try {
    await withAny([stop, abort, time.signal], async (writing) => {
      const timer = forMs === undefined ? undefined : setTimeout(() => time.abort(), forMs);
      try {
        await workload.fill();
        await workload.run(writing);
      } finally {
        clearTimeout(timer);
      }
    });
    screen.say('the workload has stopped; waiting until everything has arrived');
    await arrived(clock, workload, arrivals, abort);
  } finally {
    shown.abort();
    await showing;
  }
}

async function arrived(
  clock: Clock,
  workload: Workload,
  arrivals: Arrivals,
  abort: AbortSignal,
): Promise<void> {
  const until = clock.monotonicMs() + settleMs;
  while (arrivals.counts.delivered < workload.written && clock.monotonicMs() < until && !abort.aborted) {
    await clock.sleep(50, abort).catch(() => undefined);
  }
}

async function show(
  { clock, screen }: PlaygroundOptions,
  workload: Workload,
  arrivals: Arrivals,
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    const { delivered } = arrivals.counts;
    const written = `written ${workload.written}   delivered ${delivered}   on the way ${workload.written - delivered}`;
    screen.live(`${written}   lag ${arrivals.lastLatencyMs} ms   (Ctrl-C stops)`);
    await clock.sleep(refreshMs, until).catch(() => undefined);
  }
}

async function stopChildren(
  replicas: readonly Replica[],
  { abort, screen }: PlaygroundOptions,
): Promise<void> {
  screen.say('stopping the processes');
  for (const { child } of replicas) child.signal('SIGTERM');
  const removeKill = onAbort(abort, () => replicas.forEach(({ child }) => child.signal('SIGKILL')));
  for (const { instance, child } of replicas) {
    const code = await child.ended;
    if (code !== 0 && !abort.aborted) screen.say(`${instance} ended with exit code ${code}`);
  }
  removeKill();
}

function summarise(workload: Workload, arrivals: Arrivals): Summary {
  const counts = arrivals.counts;
  return {
    written: workload.written,
    delivered: counts.delivered,
    missing: workload.written - counts.delivered,
    repeats: counts.repeats,
    outOfOrder: counts.outOfOrder,
    latencyMs: { p50: arrivals.latency(0.5), p99: arrivals.latency(0.99) },
  };
}

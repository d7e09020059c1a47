/**
 * The whole pipeline on one machine. Starting (stand-ins, shop, processes) → filling (the first customers and goods,
 * until they have arrived at the console) → running (the workload writes) → settling (no more writes; until everything
 * has arrived) → stopped (processes ended, stand-ins closed).
 */
import { pause } from '@dstream/async';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DStreamError, type Clock } from '@dstream/core';
import { startStandIns } from '@dstream/stand-ins';
import sql from 'mssql';
import { Arrivals } from './arrivals.ts';
import type { Controlled } from './controls.ts';
import { LiveStatus } from './live-status.ts';
import { viewOf, type PlaygroundView } from './playground-view.ts';
import { Replicas, whileRunning } from './replicas.ts';
import { Startup, type Screen, type Summary } from './screen.ts';
import { shopSchema, shopTables } from './shop-schema.ts';
import { Workload } from './workload.ts';

/** Where the playground shows itself, and what ends it. */
export interface PlaygroundOptions {
  readonly clock: Clock;
  readonly screen: Screen;
  /** How long the workload writes, in milliseconds; undefined: until `stop`. */
  readonly forMs: number | undefined;
  /** The first Ctrl-C. */
  readonly stop: AbortSignal;
  /** The second one. */
  readonly abort: AbortSignal;
  /** Called once there is something that keys can control. */
  readonly controllable: (controlled: Controlled) => void;
}

const config = fileURLToPath(new URL('../../../config/playground.hcl', import.meta.url));

/** How long everything may take to arrive after the last write. A killed ingester's lease is 15 s. */
const settleMs = 60_000;
/** The same after Ctrl-C: who pressed it does not want to wait. */
const interruptedSettleMs = 2_500;
/** How long the processes may take to end; the second one after Ctrl-C. */
const graceMs = 30_000;
const interruptedGraceMs = 1_500;
const pauseMs = 80;
const refreshMs = 200;
const lookMs = 25;

interface Course extends PlaygroundOptions {
  readonly workload: Workload;
  readonly arrivals: Arrivals;
  readonly replicas: Replicas;
  readonly status: LiveStatus;
  readonly startup: Startup;
  /** When the first changes had arrived at the console, in monotonic milliseconds; undefined before. */
  upSinceMs: number | undefined;
}

/** Resolves with what came through; undefined when it was stopped before it ran. Rejects when a part of it fails. */
export async function runPlayground(options: PlaygroundOptions): Promise<Summary | undefined> {
  await using stack = new AsyncDisposableStack();
  const { screen, clock, stop } = options;
  await checkConfig();
  const startup = new Startup(clock, screen, stop);
  const onError = (error: unknown) => screen.say(`stand-ins: ${String(error)}`);
  const standIns = await startup.step('stand-ins of SQL Server, Service Bus and blob storage', async () =>
    stack.use(await startStandIns({ onError })),
  );
  const pool = await startup.step(`a shop of ${shopTables.length} captured tables`, async () => {
    const connected = await connect(standIns.env.DSTREAM_DB_CONNECTION_STRING, screen);
    stack.defer(() => connected.close());
    for (const statement of shopSchema) await connected.query(statement);
    return connected;
  });
  if (stop.aborted) return undefined;
  const arrivals = new Arrivals();
  const workload = new Workload({ pool, clock, random: Math.random, pauseMs });
  const replicas = startReplicas(options, { ...standIns.env }, arrivals);
  const status = liveStatus(options, replicas, () => workload.written > arrivals.counts.delivered);
  const course: Course = { ...options, workload, arrivals, replicas, status, startup, upSinceMs: undefined };
  options.controllable({ replicas, workload, say: (text) => screen.say(text) });
  try {
    await showing(course, async () => {
      try {
        await work(course);
      } finally {
        if (!options.abort.aborted) screen.say('stopping the processes');
        await replicas.stop(stop.aborted ? interruptedGraceMs : graceMs, options.abort);
      }
    });
  } finally {
    await screen.close();
  }
  return summarise(workload, arrivals);
}

async function checkConfig(): Promise<void> {
  try {
    await access(config);
  } catch (cause) {
    throw new DStreamError('ConfigInvalid', `${config} cannot be read: the playground runs with it`, {
      cause,
    });
  }
}

/** Reports an error of an idle connection; a busy one fails its statement too. */
async function connect(connectionString: string, screen: Screen): Promise<sql.ConnectionPool> {
  const pool = new sql.ConnectionPool(connectionString);
  pool.on('error', (error: Error) => screen.say(`shop: ${error.message}`));
  return pool.connect();
}

function startReplicas(
  { screen, clock }: PlaygroundOptions,
  env: Readonly<Record<string, string>>,
  arrivals: Arrivals,
): Replicas {
  return new Replicas({
    clock,
    config,
    env: { ...process.env, ...env },
    say: (text) => screen.say(text),
    onChange: (event, line) => {
      arrivals.add(event, clock.wallMs());
      return screen.change(event, line);
    },
  });
}

function liveStatus(
  { clock, screen }: PlaygroundOptions,
  replicas: Replicas,
  isWaiting: () => boolean,
): LiveStatus {
  return new LiveStatus({
    clock,
    isWaiting,
    tables: shopTables,
    addresses: () => replicas.states.map(({ address }) => address).filter((address) => address !== undefined),
    say: (text) => screen.say(text),
  });
}

/** Fills the shop, writes for the given time or until stopped, then waits until everything has arrived. */
async function work(course: Course): Promise<void> {
  const { clock, forMs, stop, abort, screen, workload, replicas } = course;
  const time = new AbortController();
  await course.startup.step('first changes, from the shop to the console', async () => {
    await whileRunning(replicas, [stop, abort], (signal) => workload.fill(signal));
    await settled(course);
  });
  course.upSinceMs = clock.monotonicMs();
  course.arrivals.measureFrom(clock.wallMs());
  const ringing = forMs === undefined ? undefined : ring(clock, forMs, time);
  try {
    await whileRunning(replicas, [stop, abort, time.signal], (signal) => workload.run(signal));
  } finally {
    time.abort();
    await ringing;
  }
  if (abort.aborted) return;
  screen.say('the workload has stopped; waiting for changes on the way');
  await settled(course);
}

async function ring(clock: Clock, ms: number, time: AbortController): Promise<void> {
  await pause(clock, ms, time.signal);
  time.abort();
}

/** Resolves when all that was written has arrived or time is up: the summary lists what is missing. */
async function settled({ clock, workload, arrivals, replicas, stop, abort }: Course): Promise<void> {
  const start = clock.monotonicMs();
  let interrupted = stop.aborted ? start : undefined;
  await whileRunning(replicas, [abort], async (signal) => {
    while (arrivals.counts.delivered < workload.written && !signal.aborted) {
      const now = clock.monotonicMs();
      if (stop.aborted) interrupted ??= now;
      if (now - start > settleMs || now - (interrupted ?? now) > interruptedSettleMs) return;
      await pause(clock, lookMs, signal);
    }
  });
}

/** Keeps what is seen up to date while `work` is under way. */
async function showing(course: Course, work: () => Promise<void>): Promise<void> {
  const { show } = course.screen;
  if (show === undefined) return work();
  const done = new AbortController();
  const refreshing = Promise.all([course.status.run(done.signal), drawing(course, show, done.signal)]);
  try {
    await work();
  } finally {
    done.abort();
    await refreshing;
  }
}

async function drawing(
  course: Course,
  show: (view: PlaygroundView) => void,
  done: AbortSignal,
): Promise<void> {
  while (!done.aborted) {
    show(viewOf(course));
    await pause(course.clock, refreshMs, done);
  }
}

function summarise({ written }: Workload, arrivals: Arrivals): Summary {
  const { delivered, repeats, outOfOrder } = arrivals.counts;
  const latencyMs = { p50: arrivals.latency(0.5), p99: arrivals.latency(0.99) };
  return { written, delivered, missing: written - delivered, repeats, outOfOrder, latencyMs };
}

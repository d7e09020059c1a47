/** Measures a process from outside: by what the servers have seen of it and what the operating system knows of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from './alternate.ts';
import { cpuSeconds, peakResidentMiB } from './process-usage.ts';
import type { Progress } from './stand-ins-child.ts';
import type { StandInsProcess } from './stand-ins-process.ts';

/** A run as it looks from outside. */
export interface MeasuredRun extends Run {
  /** The most resident memory since the start of the process. */
  readonly peakMiB: number;
}

export interface Work {
  /** True from the first thing that belongs to the work on; `before` is what the servers had seen until it began. */
  readonly begun: (now: Progress, before: Progress) => boolean;
  /** True when the last thing was done. Asked when nothing has moved for a while, so that asking costs no run any time. */
  readonly done: (now: Progress, before: Progress) => boolean | Promise<boolean>;
}

/** Milliseconds between two looks: a run takes one to several seconds, so this is less than a hundredth of it. */
const lookMs = 5;
/** A pause after which it is worth asking whether all is done. It is not part of the time. */
const quietMs = 200;
const withinMs = 120_000;

/**
 * Resolves when the work is done, with the time between the first look that saw it begun and the first after the
 * last progress: process start, logging in and stopping are not part of it.
 */
export async function measure(
  standIns: StandInsProcess,
  before: Progress,
  pid: number,
  work: Work,
): Promise<MeasuredRun> {
  const givenUpAtMs = performance.now() + withinMs;
  let started: Mark | undefined;
  let [last, seen] = [markOf(pid), before];
  for (;;) {
    const now = await standIns.progress();
    const mark = markOf(pid);
    if (started === undefined && work.begun(now, before)) started = last = mark;
    if (moved(now, seen)) [last, seen] = [mark, now];
    const quiet = mark.atMs - last.atMs >= quietMs;
    if (started !== undefined && quiet && (await work.done(now, before))) {
      return { ...between(started, last), peakMiB: peakResidentMiB(pid) };
    }
    if (mark.atMs > givenUpAtMs) throw new Error(`not done within ${withinMs} ms: ${JSON.stringify(now)}`);
    await sleep(lookMs);
  }
}

interface Mark {
  readonly atMs: number;
  readonly cpuSeconds: number;
}

function markOf(pid: number): Mark {
  return { atMs: performance.now(), cpuSeconds: cpuSeconds(pid) };
}

function between(from: Mark, to: Mark): Run {
  return { seconds: (to.atMs - from.atMs) / 1000, cpuSeconds: to.cpuSeconds - from.cpuSeconds };
}

/** Of what moves changes; an idle source goes on asking its tables. */
function moved(now: Progress, seen: Progress): boolean {
  return now.accepted !== seen.accepted || now.completed !== seen.completed;
}

/**
 * Resident memory above idle: the most that a process occupies while it works off 100,000 changes that wait, less
 * what one occupies that has the same tables and destinations and nothing to do.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DStreamProgram } from './dstream-program.ts';
import { figure, type Figure } from './figure.ts';
import { runIngester, standInsWithBacklog, startIngester } from './ingester-run.ts';
import { residentMiB } from './process-usage.ts';
import { fullSubscriptions, runProcessor, startIdleProcessor } from './processor-run.ts';

/** A process that has started goes on to compile and to collect garbage for a while. */
const settleMs = 3_000;

export async function memory(): Promise<readonly Figure[]> {
  return [...(await ofIngester()), ...(await ofProcessor())];
}

async function ofIngester(): Promise<readonly Figure[]> {
  await using standIns = await standInsWithBacklog(['idle', 'full']);
  const idle = await idleMiB(await startIngester(standIns, { name: 'idle', start: 'latest' }));
  const { peakMiB } = await runIngester(standIns, 'full');
  return figures('ingester, 100,000 rows of backlog', idle, peakMiB);
}

/** One change a message: that many messages are more to hold than the same changes packed. */
async function ofProcessor(): Promise<readonly Figure[]> {
  const full = await fullSubscriptions(['waiting'], 1);
  await using _standIns = full.standIns;
  const idle = await idleMiB(await startIdleProcessor(full));
  const { peakMiB } = await runProcessor(full, 'waiting', 'type = "console"');
  return figures('processor, 100,000 messages waiting', idle, peakMiB);
}

async function idleMiB(started: DStreamProgram): Promise<number> {
  await using program = started;
  await program.logged(' ready"');
  await sleep(settleMs);
  return residentMiB(program.pid);
}

function figures(name: string, idle: number, peak: number): readonly Figure[] {
  return [
    figure(`memory, ${name}, above idle`, peak - idle, 'MiB'),
    figure(`memory, ${name}, at the most`, peak, 'MiB', idle),
  ];
}

/** From a full subscription to a destination: the real processor against a loop over the SDK. */
import { alternate, type Run } from './alternate.ts';
import type { BareDestination } from './bare/destinations.ts';
import { figure, type Figure } from './figure.ts';
import { fullSubscriptions, runLoop, runProcessor } from './processor-run.ts';
import { changes } from './sample.ts';

/** Every run empties a subscription of its own: all were filled by one send. */
const ours = ['ours1', 'ours2', 'ours3'];
const bare = ['bare1', 'bare2', 'bare3'];

interface Destination {
  /** Part of the figures' names. */
  readonly name: string;
  /** What stands between the braces of `output`. */
  readonly output: string;
  readonly bare: BareDestination;
}

export function processConsole(): Promise<readonly Figure[]> {
  return processTo({ name: 'process-console', output: 'type = "console"', bare: { type: 'console' } });
}

async function processTo({ name, output, bare: destination }: Destination): Promise<readonly Figure[]> {
  const full = await fullSubscriptions([...ours, ...bare]);
  await using _standIns = full.standIns;
  const medians = await alternate({
    ours: (round) => runProcessor(full, ours[round - 1] ?? '', output),
    bare: (round) => runLoop(full, bare[round - 1] ?? '', destination),
  });
  return [
    figure(`${name}, 1 KB changes of 4 tables`, rate(medians.ours), 'changes/s', rate(medians.bare)),
    figure(`${name}, CPU for 100,000 changes`, cpu(medians.ours), 's', cpu(medians.bare)),
  ];
}

function rate({ seconds }: Run): number {
  return changes / seconds;
}

function cpu({ cpuSeconds }: Run): number {
  return (cpuSeconds / changes) * 100_000;
}

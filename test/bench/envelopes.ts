/** From a full subscription to the console in each envelope, against the changes as they arrived. */
import { alternate, rounds, type Run } from './alternate.ts';
import { figure, type Figure } from './figure.ts';
import { fullSubscriptions, runProcessor } from './processor-run.ts';
import { changes } from './sample.ts';

const envelopes = ['debezium', 'cloudevents', 'plain'] as const;
const sides = ['dstream', ...envelopes] as const;

/** Every run empties a subscription of its own. */
const subscriptionOf = (envelope: string, round: number) => `${envelope}${round}`;

export async function envelope(): Promise<readonly Figure[]> {
  const names = sides.flatMap((side) =>
    Array.from({ length: rounds }, (_, n) => subscriptionOf(side, n + 1)),
  );
  const full = await fullSubscriptions(names);
  await using _standIns = full.standIns;
  const run = (side: string) => (round: number) =>
    runProcessor(full, subscriptionOf(side, round), `type = "console"\nenvelope = "${side}"`);
  const medians = await alternate({
    dstream: run('dstream'),
    debezium: run('debezium'),
    cloudevents: run('cloudevents'),
    plain: run('plain'),
  });
  return envelopes.flatMap((name) => [
    figure(`envelope ${name}, 1 KB changes`, rate(medians[name]), 'changes/s', rate(medians.dstream)),
    figure(`envelope ${name}, CPU for 100,000 changes`, cpu(medians[name]), 's', cpu(medians.dstream)),
  ]);
}

function rate({ seconds }: Run): number {
  return changes / seconds;
}

function cpu({ cpuSeconds }: Run): number {
  return (cpuSeconds / changes) * 100_000;
}

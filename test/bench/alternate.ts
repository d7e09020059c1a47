/** Runs the sides of a comparison in turn, so that a machine that gets slower or busier is slower for all of them. */
import { median } from './statistics.ts';

/** One run of one side, from its first change to its last. */
export interface Run {
  readonly seconds: number;
  /** Of the side's own process, in the same time. */
  readonly cpuSeconds: number;
}

/** Does the work once; `round` from 1. */
export type Side = (round: number) => Promise<Run>;

export type Medians<Name extends string> = Readonly<Record<Name, Run>>;

export const rounds = 3;

/** Every side once a round; the medians of its seconds and of its CPU seconds. */
export async function alternate<Name extends string>(
  sides: Readonly<Record<Name, Side>>,
): Promise<Medians<Name>> {
  const names = Object.keys(sides) as Name[];
  const runs = new Map<Name, Run[]>(names.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    // Every other round backwards: nobody is always the first after a pause.
    for (const name of round % 2 === 1 ? names : names.toReversed()) {
      const run = await sides[name](round);
      runs.get(name)?.push(run);
      explain(name, run);
    }
  }
  return Object.fromEntries([...runs].map(([name, all]) => [name, medianOf(all)])) as Medians<Name>;
}

function medianOf(runs: readonly Run[]): Run {
  return {
    seconds: median(runs.map(({ seconds }) => seconds)),
    cpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds)),
  };
}

/** Single runs are for those who wonder about a median. */
function explain(name: string, { seconds, cpuSeconds }: Run): void {
  process.stderr.write(`  ${name.padEnd(24)} ${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of CPU\n`);
}

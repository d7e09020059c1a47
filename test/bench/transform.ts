/**
 * What a transform costs: the real processor from a full subscription to an output, with it and without it. To the console, where
 * nothing else costs anything, and to a topic, one change a message.
 */
import { fileURLToPath } from 'node:url';
import { alternate, type Run } from './alternate.ts';
import { figure, type Figure } from './figure.ts';
import { fullSubscriptions, runProcessor, sinkOutput } from './processor-run.ts';
import { changes } from './sample.ts';

/** Every run empties a subscription of its own: all were filled by one send. */
const transformed = ['with1', 'with2', 'with3'];
const untouched = ['without1', 'without2', 'without3'];

const outputs = { 'the console': 'type = "console"', 'a topic': sinkOutput } as const;

/** Every change gets another name, a hash and a mask, so every line is written anew. */
export function transformColumns(): Promise<readonly Figure[]> {
  return through(
    'transform-columns',
    `
      type      = "columns"
      rename    = { Name = "name" }
      hash      = ["Balance"]
      hash_salt = "bench"
      mask      = ["ChangedAt"]`,
  );
}

/** Nine of ten pass, each as it arrived. */
export function transformFilter(): Promise<readonly Figure[]> {
  return through(
    'transform-filter',
    `
      type = "filter"
      when = "metadata.operation == 'delete' || double(data.Balance) > 2500.0"`,
  );
}

/** Every change gets another column, and one is masked: every line is written anew. */
export function transformScript(): Promise<readonly Figure[]> {
  const file = fileURLToPath(new URL('transform-script.js', import.meta.url));
  return through(
    'transform-script',
    `
      type = "script"
      file = "${file}"`,
  );
}

/** @param transform what stands between the braces of the block */
export async function through(name: string, transform: string): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [to, output] of Object.entries(outputs))
    figures.push(...(await throughTo(`${name} to ${to}`, transform, output)));
  return figures;
}

async function throughTo(name: string, transform: string, output: string): Promise<readonly Figure[]> {
  const full = await fullSubscriptions([...transformed, ...untouched]);
  await using _standIns = full.standIns;
  const block = `transform "bench" {${transform}
  }`;
  const medians = await alternate({
    with: (round) => runProcessor(full, transformed[round - 1] ?? '', output, block),
    without: (round) => runProcessor(full, untouched[round - 1] ?? '', output),
  });
  return [
    figure(`${name}, 1 KB changes of 4 tables`, rate(medians.with), 'changes/s', rate(medians.without)),
    figure(`${name}, CPU for 100,000 changes`, cpu(medians.with), 's', cpu(medians.without)),
  ];
}

function rate({ seconds }: Run): number {
  return changes / seconds;
}

function cpu({ cpuSeconds }: Run): number {
  return (cpuSeconds / changes) * 100_000;
}

/** What it costs to send by 32 sessions a table instead of one. */
import { alternate } from './alternate.ts';
import { figure, type Figure } from './figure.ts';
import { runIngester, runOf, runsOf, standInsWithBacklog } from './ingester-run.ts';
import { changes } from './sample.ts';

export async function ordering(): Promise<readonly Figure[]> {
  await using standIns = await standInsWithBacklog([...runsOf('key'), ...runsOf('table')]);
  const { key, table } = await alternate({
    key: (round) => runIngester(standIns, runOf('key', round), 'key'),
    table: (round) => runIngester(standIns, runOf('table', round)),
  });
  const name = 'ingest, 1 KB changes of 4 tables, ordered by key against by table';
  return [
    figure(name, changes / key.seconds, 'changes/s', changes / table.seconds),
    figure(`${name}: CPU for 100,000 changes`, key.cpuSeconds, 's', table.cpuSeconds),
  ];
}

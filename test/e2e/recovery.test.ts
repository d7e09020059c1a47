/** What is away comes back: real processes go on by themselves, within five seconds of its return. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessorReport } from '@dstream/deliver';
import type { StandIns } from '@dstream/stand-ins';
import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import type { DStreamProcess } from '../support/dstream-process.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

/** Longer than the lease of a table, and than any back-off that doubles takes to grow. */
const outageMs = 20_000;
const withinMs = 5_000;

interface Outage {
  readonly what: string;
  readonly begin: (standIns: StandIns) => void | Promise<void>;
  /** Nothing can be written while it lasts. */
  readonly ofDatabase?: boolean;
}

const outages: readonly Outage[] = [
  { what: 'the database', begin: ({ sql }) => sql.restart(outageMs), ofDatabase: true },
  { what: 'the broker', begin: ({ serviceBus }) => cutAndRefuse(serviceBus) },
  { what: 'the blobs', begin: ({ blobs }) => blobs.refuse(outageMs) },
  { what: 'an output', begin: ({ eventHubs }) => cutAndRefuse(eventHubs) },
];

// Side by side: each waits nearly all the time.
test.concurrent.each(outages)(
  'after an outage of $what changes flow again within five seconds of its return',
  { timeout: 120_000 },
  async ({ begin, ofDatabase = false }) => {
    await using pipeline = await Pipeline.onStandIns();
    await createCapturedTable(pipeline.database, 'T');
    const config = await pipeline.file('recovery.hcl', withHub(pipeline.configText({ tables: ['T'] })));
    const [ingester, processor] = [pipeline.run('ingester', config), pipeline.run('processor', config)];
    await insertRows(pipeline.database, 'T', { from: 1, to: 10 });
    await delivered(processor, 10);

    await begin(pipeline.standIns);
    const backAtMs = performance.now() + outageMs;
    await sleep(backAtMs - performance.now() - (ofDatabase ? 0 : 1_000));
    // A probe that failed would end replicas, or stop a roll-out, for what they cannot change.
    expect(await Promise.all([ingester, processor].map(probed))).toEqual([healthy, healthy]);
    await insertRows(pipeline.database, 'T', { from: 11, to: 20 });
    await delivered(processor, 20);
    expect(performance.now() - backAtMs).toBeLessThan(withinMs);
    expect([await ingester.stop(), await processor.stop()]).toEqual([0, 0]);
  },
);

/** Connections that are there break, new ones are refused. */
function cutAndRefuse(broker: StandIns['serviceBus'] | StandIns['eventHubs']): void {
  broker.refuseConnections(outageMs);
  broker.dropConnections();
}

function withHub(text: string): string {
  return text.replace(
    /output \{[^}]*\}/,
    `output {
      type              = "azure_event_hubs"
      connection_string = "{{ env \\"DSTREAM_EVENT_HUBS_CONNECTION_STRING\\" }}"
      name              = "changes"
    }`,
  );
}

const healthy = { '/livez': 200, '/readyz': 200 };

/** What the probes of a process get. */
async function probed(process: DStreamProcess): Promise<Record<string, number>> {
  const http = await addressOf(process);
  const ask = async (path: string) => [path, (await fetch(`${http}${path}`)).status] as const;
  return Object.fromEntries(await Promise.all(Object.keys(healthy).map(ask)));
}

async function addressOf(process: DStreamProcess): Promise<string> {
  return (JSON.parse(await process.logged('listening')) as { readonly http: string }).http;
}

/** Resolves when the output has accepted so many changes. */
async function delivered(processor: DStreamProcess, count: number): Promise<void> {
  const http = await addressOf(processor);
  const look = async () => {
    const status = (await (await fetch(`${http}/status`)).json()) as { readonly processor: ProcessorReport };
    return (status.processor.outputs[0]?.delivered ?? 0) >= count;
  };
  await until(look, () => `${count} changes are delivered`, 60_000);
}

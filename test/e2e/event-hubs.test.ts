/** From SQL Server to an event hub by real processes: each row's changes in their order, whatever happens to a processor. */
import type { StampedEvent } from '@dstream/core';
import { decodeEnvelope } from '@dstream/core';
import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { realEventHubs, realServices } from '../support/endpoints.ts';
import { HubReader } from '../support/event-hubs-destination.ts';
import { Pipeline } from '../support/pipeline.ts';

const rows = 300;
const rounds = 24;

/** Without addresses of real services a hub of the stand-in; with them one must be named. */
const hubOf = ({ env }: Pipeline) =>
  realServices() === undefined
    ? {
        connectionString: env.DSTREAM_EVENT_HUBS_CONNECTION_STRING,
        hub: 'changes',
        consumerGroup: '$Default',
      }
    : realEventHubs();

test('a processor that is killed in the middle leaves every change of every row in the hub, in the order of its row', async ({
  skip,
}) => {
  await using stack = new AsyncDisposableStack();
  const pipeline = stack.use(await Pipeline.start());
  const endpoint = hubOf(pipeline) ?? skip('there is no event hub');
  const { databaseName } = pipeline.places;
  const own = new HubReader(endpoint, (line) => line.includes(`"database":"${databaseName}"`));
  const reader = stack.use(own);
  await createCapturedTable(pipeline.database, 'A');
  const text = pipeline.configText({ tables: ['A'] }).replace(
    /output \{[^}]*\}/,
    `output {
      type              = "azure_event_hubs"
      connection_string = "{{ env \\"DSTREAM_EVENT_HUBS_CONNECTION_STRING\\" }}"
      name              = "${endpoint.hub}"
    }`,
  );
  const config = await pipeline.file('event-hubs.hcl', text);
  pipeline.run('ingester', config);
  const first = pipeline.run('processor', config, eventHubsOf(endpoint));
  await first.logged('processor ready');

  const changing = changeRows(pipeline);
  expect(await reader.reached(rows * 2), 'it is killed while there is something to do').toBeLessThan(
    rows * (rounds + 1),
  );
  first.signal('SIGKILL');
  await first.ended;
  const second = pipeline.run('processor', config, eventHubsOf(endpoint));
  await changing;
  const events = await arrivedDistinct(reader, rows * (rounds + 1));
  expect(await second.stop()).toBe(0);

  const histories = historyOfRows(events);
  expect(histories.size).toBe(rows);
  const expected = ['insert row ✓', ...Array.from({ length: rounds }, (_, n) => `update round ${n + 1}`)];
  for (const history of histories.values()) expect(history).toEqual(expected);
}, 120_000);

const eventHubsOf = ({ connectionString }: { readonly connectionString: string }) => ({
  DSTREAM_EVENT_HUBS_CONNECTION_STRING: connectionString,
});

async function changeRows({ database }: Pipeline): Promise<void> {
  await insertRows(database, 'A', { from: 1, to: rows });
  for (let round = 1; round <= rounds; round += 1)
    await database.query(`UPDATE dbo.A SET Note = N'round ${round}'`);
}

/** The first of each change, partition by partition, once there are so many different ones. */
async function arrivedDistinct(reader: HubReader, count: number): Promise<readonly StampedEvent[]> {
  for (let wanted = count; ;) {
    const lines = await reader.lines(wanted);
    const events = lines.map((line) => decodeEnvelope(line));
    const distinct = new Map(events.toReversed().map((event) => [event.metadata.id, event]));
    if (distinct.size >= count) return [...distinct.values()].toReversed();
    wanted = lines.length + 1;
  }
}

function historyOfRows(events: readonly StampedEvent[]): ReadonlyMap<unknown, readonly string[]> {
  const histories = new Map<unknown, string[]>();
  for (const { metadata, data } of events) {
    const history = histories.get(data?.['Id']) ?? [];
    histories.set(data?.['Id'], history);
    history.push(`${metadata.operation} ${((data?.['Note'] ?? '') as string).replace(/^row \d+/, 'row')}`);
  }
  return histories;
}

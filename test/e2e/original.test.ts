/** A file of the original DStream, as it is written: `publisher { source {…} output { type = "azure_service_bus" } }`. */
import { fileURLToPath } from 'node:url';
import { plannedNames, serviceBusNames } from '../../libs/outputs/src/destinations/destination-name.ts';
import { sha256Hex } from '@dstream/runtime';
import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

const file = fileURLToPath(new URL('../../config/original.hcl', import.meta.url));

/** The source has no name in the file: it is called by its host, with its port because that is an unusual one. */
function hostOf(connectionString: string): string {
  return /Server=([^;]+)/.exec(connectionString)?.[1]?.replace(',', ':') ?? '';
}

test('the changes of a table come to the topic that is named after server, database and table', async ({
  skip,
}) => {
  await using pipeline = await Pipeline.start();
  // Only the stand-in makes a topic when something is sent to it, with a subscription that keeps it.
  const { env, serviceBus } = pipeline.faults(skip);
  await createCapturedTable(pipeline.database, 'Persons');
  const server = pipeline.run('server', file);
  await insertRows(pipeline.database, 'Persons', { from: 1, to: 20 });

  const template = '{{ server }}.{{ database }}.{{ table }}.events';
  const name = plannedNames(
    template,
    serviceBusNames,
    sha256Hex,
  )({
    server: hostOf(env.DSTREAM_DB_CONNECTION_STRING),
    database: 'shop',
    schema: 'dbo',
    table: 'Persons',
  });
  expect(name).toMatch(/^127\.0\.0\.1_\d+\.shop\.persons\.events-[0-9a-f]{16}$/);
  const messages = await until(
    () => {
      const isThere = serviceBus.entities().some((entity) => entity.name === name);
      const found = isThere ? serviceBus.messages(`${name}/Subscriptions/dstream`) : [];
      return found.length === 20 && found;
    },
    () => `20 messages in ${name}; the log says\n${server.logs.slice(-5).join('\n')}`,
    60_000,
  );
  expect(new Set(messages.map(({ sessionId }) => sessionId)).size).toBe(1);
  expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(20);
  expect(await server.stop()).toBe(0);
});

/** Messages that are JSON of nearly the right shape: a real process dead-letters them, whatever its outputs are. */
import { ServiceBusClient } from '@azure/service-bus';
import { encodeEnvelope } from '@dstream/core';
import { expect, test } from 'vitest';
import { aChange } from '../support/a-change.ts';
import { DStreamProcess } from '../support/dstream-process.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

const { metadata } = aChange(1);
const envelope = (fields: object, data: object = {}) =>
  JSON.stringify({ data, metadata: { ...metadata, generation: 1, epoch: 1, ...fields } });

const deep = `${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}`;

const broken = {
  'committedAt-number': envelope({ committedAt: 1_795_166_130_123 }),
  'changed-number': envelope({ changed: 7, operation: 'update' }),
  'key-absent': envelope({ key: undefined }),
  'gap-empty': envelope({ operation: 'gap', gap: {} }),
  'nesting-30000': envelope({}).replace('"data":{}', `"data":{"a":${deep}}`),
  'id-129': envelope({ id: 'i'.repeat(129) }),
};

test('each is dead-lettered with its reason and named in the log, and what follows it in its session is delivered', async () => {
  await using pipeline = await Pipeline.onStandIns();
  const { env } = pipeline;
  const text = pipeline.configText({ tables: ['T'] }).replace(
    /output \{[^}]*\}/,
    `output "screen" {
      type   = "console"
      format = "pretty"
    }
    output "hub" {
      type              = "azure_event_hubs"
      connection_string = "{{ env \\"DSTREAM_EVENT_HUBS_CONNECTION_STRING\\" }}"
      name              = "changes"
    }`,
  );
  const config = await pipeline.file('broken.hcl', text);
  await using processor = new DStreamProcess(['processor', '--config', config, '--log-format', 'json'], env);
  await processor.logged('processor ready');
  const client = new ServiceBusClient(env.DSTREAM_INGEST_CONNECTION_STRING);
  await using _closing = { [Symbol.asyncDispose]: () => client.close() };
  const sender = client.createSender('ingest-topic');
  for (const [name, body] of Object.entries(broken)) {
    const common = { sessionId: 's/d/dbo.T', subject: 'dbo.T' };
    await sender.sendMessages({ ...common, messageId: name, body: Buffer.from(body) });
  }
  const sound = encodeEnvelope(aChange(2), { generation: 1, epoch: 1 });
  await sender.sendMessages({ sessionId: 's/d/dbo.T', messageId: 'sound', body: Buffer.from(sound) });

  await until(
    () => processor.lines.length > 0,
    () => `the sound change arrived; the log says\n${processor.logs.join('\n')}`,
  );
  expect(processor.lines).toEqual([expect.stringContaining('insert  dbo.T  N=2')]);
  expect(await processor.stop()).toBe(0);
  const said = processor.logs
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'dead-lettered message');
  expect(said).toMatchObject(
    Object.keys(broken).map((messageId) => ({
      messageId,
      session: 's/d/dbo.T',
      table: 'dbo.T',
      reason: 'MalformedMessage',
    })),
  );
});

/** Messages that expire in the topic, between a real ingester and a real processor: both are well, and neither is silent. */
import { ServiceBusClient } from '@azure/service-bus';
import type { ProcessorReport } from '@dstream/deliver';
import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import type { DStreamProcess } from '../support/dstream-process.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

const timeToLive = { DefaultMessageTimeToLive: 'PT6S', DeadLetteringOnMessageExpiration: true };
const entities = {
  UserConfig: {
    Namespaces: [
      {
        Name: 'sbemulatorns',
        Topics: [
          {
            Name: 'ingest-topic',
            Subscriptions: [
              { Name: 'dstream', Properties: { RequiresSession: true, LockDuration: 'PT1M', ...timeToLive } },
            ],
          },
        ],
      },
    ],
  },
};

test(
  'are reported: as certain while the processor has the session, as possible right after it was started',
  { timeout: 120_000 },
  async () => {
    await using pipeline = await Pipeline.onStandIns({ entities });
    await createCapturedTable(pipeline.database, 'T');
    const text = pipeline
      .configText({ tables: ['T'] })
      .replace('topic {', 'topic {\n    pack = 1')
      .replace(
        'subscription      = "dstream"',
        'subscription      = "dstream"\n    on_hole           = "gap"',
      );
    const config = await pipeline.file('expired.hcl', text);
    const ingester = pipeline.run('ingester', config);
    const first = pipeline.run('processor', config);
    await insertRows(pipeline.database, 'T', { from: 1, to: 1 });
    await pipeline.arrivedDistinct(1);

    // More messages than one session has in flight: those behind wait in the subscription, and their time runs out.
    process.kill(first.pid, 'SIGSTOP');
    await insertRows(pipeline.database, 'T', { from: 2, to: 60 });
    await expired(pipeline, 59 - 16);
    await insertRows(pipeline.database, 'T', { from: 61, to: 61 });
    process.kill(first.pid, 'SIGCONT');
    await first.logged('messages are missing');
    await until(
      () => pipeline.arrived.some(({ data }) => data?.['N'] === 61),
      () => 'the change behind the hole arrived',
    );
    const gap = pipeline.arrived.findIndex(({ metadata }) => metadata.operation === 'gap');
    expect(pipeline.arrived[gap]?.metadata.gap?.reason).toBe('MessagesLost');
    expect(pipeline.arrived[gap + 1]?.data?.['N']).toBe(61);
    expect(pipeline.arrived[gap - 1]?.data?.['N']).toBeLessThan(60);
    expect((await reportOf(first)).holes).toMatchObject({
      certain: 1,
      possible: 0,
      last: { session: 'e2e/shop/dbo.T', table: 'dbo.T', certain: true },
    });
    expect(await first.stop()).toBe(0);

    const before = await deadLetters(pipeline);
    await insertRows(pipeline.database, 'T', { from: 62, to: 64 });
    await expired(pipeline, before + 3);
    await insertRows(pipeline.database, 'T', { from: 65, to: 65 });
    const second = pipeline.run('processor', config);
    await second.logged('messages may be missing');
    await until(
      () => pipeline.arrived.some(({ data }) => data?.['N'] === 65),
      () => 'the change after the start arrived',
    );
    expect((await reportOf(second)).holes).toMatchObject({ certain: 0, possible: 1 });
    expect([await second.stop(), await ingester.stop()]).toEqual([0, 0]);
  },
);

async function reportOf(processor: DStreamProcess): Promise<ProcessorReport> {
  const { http } = JSON.parse(await processor.logged('listening')) as { http: string };
  const status = (await (await fetch(`${http}/status`)).json()) as { readonly processor: ProcessorReport };
  return status.processor;
}

async function deadLetters({ env }: Pipeline): Promise<number> {
  const client = new ServiceBusClient(env.DSTREAM_INGEST_CONNECTION_STRING);
  await using _closing = { [Symbol.asyncDispose]: () => client.close() };
  const receiver = client.createReceiver('ingest-topic', 'dstream', { subQueueType: 'deadLetter' });
  return (await receiver.peekMessages(200)).length;
}

async function expired(pipeline: Pipeline, count: number): Promise<void> {
  await until(
    async () => (await deadLetters(pipeline)) >= count,
    () => `${count} messages have expired`,
  );
}

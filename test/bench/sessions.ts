/** Many sessions with one message each, as ordering by key makes them of many tables: what taking turns costs. */
import { encodeChange, pack } from '@dstream/core';
import { sha256Hex } from '@dstream/runtime';
import { systemClock } from '@dstream/async';
import { ServiceBusTopic } from '@dstream/service-bus';
import { configText } from './config-file.ts';
import { DStreamProgram } from './dstream-program.ts';
import { figure, type Figure } from './figure.ts';
import { measure } from './measure.ts';
import { declaredSubscription } from './processor-run.ts';
import { sampleEvent } from './sample.ts';
import { StandInsProcess } from './stand-ins-process.ts';

const topic = 'ingest-topic';
const subscription = 'ours';
const tables = 300;
const buckets = 32;
const messages = 6_000;

export async function sessions(): Promise<readonly Figure[]> {
  const Topics = [{ Name: topic, Subscriptions: [declaredSubscription(subscription)] }];
  const entities = { UserConfig: { Namespaces: [{ Name: 'bench', Topics }] } };
  await using standIns = await StandInsProcess.start({ entities });
  await fill(standIns);
  const before = await standIns.progress();
  const config = configText({ name: 'bench', tables: ['T1'], topic, subscription });
  await using program = await DStreamProgram.start({
    command: 'processor',
    config,
    env: { ...standIns.env },
  });
  const run = await measure(standIns, before, program.pid, {
    begun: (now) => now.delivered > before.delivered,
    done: (now) => now.completed - before.completed === messages,
  });
  const { sessionsAccepted } = await standIns.progress();
  const name = `${messages} messages in as many sessions`;
  return [
    figure(`${name}, from the first to the last`, run.seconds, 's'),
    figure(`${name}, CPU`, run.cpuSeconds, 's'),
    figure(`${name}, sessions accepted`, sessionsAccepted - before.sessionsAccepted, ''),
  ];
}

/** Session by session, so that no two messages of one stand together. */
async function fill(standIns: StandInsProcess): Promise<void> {
  const address = { connectionString: standIns.env.DSTREAM_INGEST_CONNECTION_STRING };
  await using bus = new ServiceBusTopic({ address, topic, clock: systemClock });
  const { signal } = new AbortController();
  const sends = Array.from({ length: messages }, (_, n) => {
    const table = `T${(n % tables) + 1}`;
    const id = { source: 'bench', database: 'shop', schema: 'dbo', table };
    const packed = pack(
      [encodeChange(sampleEvent(table, n + 1), id)],
      { generation: 1_795_166_130_123, epoch: 1 },
      { maxBytes: 131_072, maxChanges: 1, hash: sha256Hex },
    );
    const bucket = Math.floor(n / tables) % buckets;
    return bus.send(
      packed.map((one) => ({ ...one, sessionId: `${one.sessionId}/${bucket}` })),
      { signal },
    );
  });
  await Promise.all(sends);
}

/** Full subscriptions, and runs of the real processor and of a bare loop that empty one. */
import { encodeChange, pack } from '@dstream/core';
import { sha256Hex } from '@dstream/runtime';
import { systemClock } from '@dstream/async';
import { ServiceBusTopic } from '@dstream/service-bus';
import type { BareDestination } from './bare/destinations.ts';
import type { ProcessMessagesOptions } from './bare/process-messages.ts';
import { configText } from './config-file.ts';
import { DStreamProgram } from './dstream-program.ts';
import { measure, type MeasuredRun, type Work } from './measure.ts';
import { changesPerTable, sampleEvent, tables } from './sample.ts';
import { EndlessLoop } from './side-process.ts';
import { StandInsProcess } from './stand-ins-process.ts';

export const topic = 'ingest-topic';
/** A topic to send to. Nobody subscribes: what the broker has accepted it forgets. */
export const sink = 'sink-topic';
/** The output that sends there, one change a message: what stands between the braces of the block. */
export const sinkOutput = `
      type              = "azure_service_bus"
      connection_string = "{{ env \\"DSTREAM_PUBLISHER_CONNECTION_STRING\\" }}"
      name              = "${sink}"`;
/** A topic that nobody sends to, with one subscription. */
const quiet = { topic: 'quiet-topic', subscription: 'quiet' };

/** Subscriptions that hold the same messages. */
export interface FullSubscriptions {
  readonly standIns: StandInsProcess;
  /** In each. */
  readonly messages: number;
}

/**
 * @param changesPerMessage as our ingester packs by default, or 1
 * @param perTable a multiple of 500
 */
export async function fullSubscriptions(
  names: readonly string[],
  changesPerMessage = 500,
  perTable = changesPerTable,
): Promise<FullSubscriptions> {
  const standIns = await StandInsProcess.start({ entities: entities(names) });
  await fill(standIns, changesPerMessage, perTable);
  return { standIns, messages: (await standIns.progress()).accepted };
}

/** As the processor wants it. */
export function declaredSubscription(Name: string) {
  const Properties = { RequiresSession: true, LockDuration: 'PT1M', MaxDeliveryCount: 1_000 };
  return { Name, Properties };
}

function entities(names: readonly string[]) {
  const Topics = [
    { Name: topic, Subscriptions: names.map(declaredSubscription) },
    { Name: sink },
    { Name: quiet.topic, Subscriptions: [declaredSubscription(quiet.subscription)] },
  ];
  return { UserConfig: { Namespaces: [{ Name: 'bench', Topics }] } };
}

/** The messages that our ingester would have sent. */
async function fill(standIns: StandInsProcess, maxChanges: number, perTable: number): Promise<void> {
  const address = { connectionString: standIns.env.DSTREAM_INGEST_CONNECTION_STRING };
  await using bus = new ServiceBusTopic({ address, topic, clock: systemClock });
  const { signal } = new AbortController();
  for (const table of tables)
    for (let from = 1; from <= perTable; from += 500)
      await bus.send(packed(table, from, maxChanges), { signal });
}

function packed(table: string, from: number, maxChanges: number) {
  const id = { source: 'bench', database: 'shop', schema: 'dbo', table };
  const changes = Array.from({ length: 500 }, (_, n) => encodeChange(sampleEvent(table, from + n), id));
  const stamp = { generation: 1_795_166_130_123, epoch: 1 };
  return pack(changes, stamp, {
    maxBytes: 131_072,
    maxChanges,
    hash: sha256Hex,
  });
}

/** One that has nothing to do. */
export function startIdleProcessor({ standIns }: FullSubscriptions): Promise<DStreamProgram> {
  const config = configText({ name: 'bench', tables, ...quiet });
  return DStreamProgram.start({ command: 'processor', config, env: { ...standIns.env } });
}

/**
 * @param output what stands between the braces of the block
 * @param blocks what else is in `processor`
 */
export async function runProcessor(
  { standIns, messages }: FullSubscriptions,
  subscription: string,
  output: string,
  blocks?: string,
): Promise<MeasuredRun> {
  const before = await standIns.progress();
  const config = configText({
    name: 'bench',
    tables,
    topic,
    subscription,
    output,
    ...(blocks && { blocks }),
  });
  await using program = await DStreamProgram.start({
    command: 'processor',
    config,
    env: { ...standIns.env },
  });
  return await measure(standIns, before, program.pid, empties(messages));
}

export async function runLoop(
  { standIns, messages }: FullSubscriptions,
  subscription: string,
  destination: BareDestination,
): Promise<MeasuredRun> {
  const before = await standIns.progress();
  const options: ProcessMessagesOptions = {
    connectionString: standIns.env.DSTREAM_PUBLISHER_CONNECTION_STRING,
    topic,
    subscription,
    sessions: tables.map((table) => `bench/shop/dbo.${table}`),
    destination,
  };
  await using loop = new EndlessLoop('process-messages', options);
  return await measure(standIns, before, loop.pid, empties(messages));
}

/** From the first message that is handed out to the last that is completed. */
function empties(messages: number): Work {
  return {
    begun: (now, before) => now.delivered > before.delivered,
    done: (now, before) => now.completed - before.completed === messages,
  };
}

import { ServiceBusClient, type ServiceBusMessage, type ServiceBusSender } from '@azure/service-bus';

export interface SendOptions {
  readonly connectionString: string;
  readonly topic: string;
  readonly tables: readonly string[];
  readonly changesPerTable: number;
}

/** Its link is open, so that connecting is not part of the time. */
export async function connectSender({ connectionString, topic }: SendOptions): Promise<ServiceBusSender> {
  const sender = new ServiceBusClient(connectionString).createSender(topic);
  await sender.createMessageBatch();
  return sender;
}

/** Messages of one session: the next batch is filled when the last one was accepted. */
export async function inBatches(
  sender: ServiceBusSender,
  messages: Iterable<ServiceBusMessage>,
): Promise<void> {
  let batch = await sender.createMessageBatch();
  for (const message of messages) {
    if (batch.tryAddMessage(message)) continue;
    await sender.sendMessages(batch);
    batch = await sender.createMessageBatch();
    if (!batch.tryAddMessage(message)) throw new Error('a message is larger than the link takes');
  }
  await sender.sendMessages(batch);
}

/** The checks of the topic of an ingester. */
import type { CallOptions, CheckResult, Checks, Clock } from '@dstream/core';
import type { ServiceBusAddress } from './connections.ts';
import { checkBroker } from './check-broker.ts';
import { checkSending } from './check-sending.ts';
import { checkTopicSettings } from './check-topic-settings.ts';

/** What is checked. */
export interface TopicCheckOptions {
  readonly address: ServiceBusAddress;
  readonly topic: string;
  /** The largest body that the ingester packs, in bytes. Undefined: not known. */
  readonly packMaxBytes?: number | undefined;
  readonly clock: Clock;
}

/** Address, sign-in, topic, right to send, size of messages. Sends nothing and changes nothing. */
export async function* checkTopic(options: TopicCheckOptions, o: CallOptions): Checks {
  const { address, topic, packMaxBytes, clock } = options;
  const broker = yield* checkBroker(address, o);
  if (broker === undefined) return;
  const maxBytes = yield* checkSending({ address, broker, entity: topic, kind: 'topic', clock }, o);
  if (maxBytes === undefined) return;
  if (packMaxBytes !== undefined) yield judgeSize(topic, maxBytes, packMaxBytes);
  yield* checkTopicSettings(options, broker.namespace, o);
}

/** Besides its body a message has properties, and ids of up to 128 characters each: about 2 KB (Service Bus quotas). */
const envelopeBytes = 2_048;

/** Pure. What is larger is split, or sent again in smaller messages: it works, and costs. */
export function judgeSize(topic: string, maxBytes: number, packMaxBytes: number): CheckResult {
  const check = 'servicebus.message-size';
  const most = maxBytes - envelopeBytes;
  const figures = `pack_max_bytes is ${packMaxBytes}; topic ${topic} takes messages of up to ${maxBytes} bytes`;
  if (packMaxBytes <= most) return { outcome: 'passed', check, subject: topic, message: figures };
  return {
    outcome: 'warned',
    check,
    subject: topic,
    message: `${figures}: full messages are refused and sent again in parts`,
    remedy: { kind: 'advice', text: `write pack_max_bytes = ${most} or less in ingester.topic` },
  };
}

/** The checks of a topic or queue to send to: it exists, this login may send to it, and how large a message may be. */
import {
  asDStreamError,
  shellWord,
  type CallOptions,
  type CheckResult,
  type Clock,
  type DStreamError,
} from '@dstream/core';
import { openSender, type ServiceBusAddress } from './connections.ts';
import { ServiceBusTopic } from './service-bus-topic.ts';
import { azCommands, grantRemedy } from './az-commands.ts';
import { refused, type CheckedBroker } from './check-broker.ts';

/** What is sent to. */
export interface SendingCheckOptions {
  readonly address: ServiceBusAddress;
  readonly broker: CheckedBroker;
  /** Name of the topic or queue. */
  readonly entity: string;
  /** What it is: an output does not know. */
  readonly kind: 'topic' | 'queue or topic';
  readonly clock: Clock;
}

/** Longest time of opening the link, milliseconds. */
const linkMs = 15_000;

const sizeOf = (bytes: number) => `${bytes / 1_024} KB`;

/**
 * Opens a link and sends nothing. Yields `servicebus.exists` and `servicebus.send`. Returns the bytes of the largest message
 * that the entity accepts; undefined when it cannot be sent to. Rejects with `signal.reason` on abort.
 */
export async function* checkSending(
  options: SendingCheckOptions,
  o: CallOptions,
): AsyncGenerator<CheckResult, number | undefined> {
  const { entity, kind } = options;
  const opened = await tryLink(options, o);
  if (typeof opened !== 'number') {
    yield judgeSending(options, opened);
    return undefined;
  }
  const subject = entity;
  yield { outcome: 'passed', check: 'servicebus.exists', subject, message: `${kind} ${entity} exists` };
  const message = `this login may send to ${kind} ${entity}, messages of up to ${sizeOf(opened)}`;
  yield { outcome: 'passed', check: 'servicebus.send', subject, message };
  return opened;
}

/** Opens a link to it and closes it: the bytes of the largest message, or the error. Rejects with `signal.reason` on abort. */
export async function tryLink(
  { address, entity, kind, clock }: Omit<SendingCheckOptions, 'broker'>,
  { signal }: CallOptions,
): Promise<number | DStreamError> {
  try {
    const link = openSender(address, entity, linkMs);
    await using topic = new ServiceBusTopic({
      address,
      topic: entity,
      describedAs: `${kind} ${entity}`,
      clock,
      sendTimeoutMs: linkMs,
      openSender: () => link,
    });
    await topic.connect({ signal });
    return link.maxBytes ?? 0;
  } catch (error) {
    signal.throwIfAborted();
    return asDStreamError(error);
  }
}

/** Pure. */
export function judgeSending(
  { broker, entity, kind }: Pick<SendingCheckOptions, 'broker' | 'entity' | 'kind'>,
  { code, message }: DStreamError,
): CheckResult {
  const { namespace, login } = broker;
  const common = { outcome: 'failed', subject: entity } as const;
  if (code === 'EntityNotFound') {
    const missing = `${kind} ${entity} does not exist in namespace ${namespace}, or is disabled`;
    const create = ['topic', ...(kind === 'topic' ? [] : ['queue'])].map(
      (one) => `${one} create -n ${shellWord(entity)}`,
    );
    const either = kind === 'topic' ? [] : ['# one of the two'];
    const remedy = azCommands('servicebus', namespace, ...either, ...create);
    return { ...common, check: 'servicebus.exists', message: missing, remedy };
  }
  if (code !== 'Unauthorized') return noAnswer(entity, message);
  const remedy = grantRemedy({
    service: 'servicebus',
    namespace,
    login,
    claim: 'Send',
    role: 'Azure Service Bus Data Sender',
  });
  return {
    ...common,
    check: 'servicebus.send',
    message: refused(broker, 'Send', `${kind} ${entity}`),
    remedy,
  };
}

/** For an error that says nothing about what is configured. */
export function noAnswer(subject: string, message: string): CheckResult {
  const text =
    'check again; if it persists, look at the namespace in the portal: Metrics, Throttled and Server Errors';
  return {
    outcome: 'failed',
    check: 'servicebus.answer',
    subject,
    message,
    remedy: { kind: 'advice', text },
  };
}

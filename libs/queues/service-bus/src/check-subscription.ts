/** The checks of the subscription of a processor. */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { close, withTimeout } from '@dstream/async';
import { DStreamError, type CallOptions, type CheckResult, type Checks, type Clock } from '@dstream/core';
import { noAnswer, openClient, translateError, type ServiceBusAddress } from '@dstream/service-bus';
import { withoutDelay } from '@dstream/service-bus/amqp';
import {
  azCommand,
  azCommands,
  checkBroker,
  grantRemedy,
  refused,
  type CheckedBroker,
} from '@dstream/service-bus/check';
import { checkSubscriptionSettings, namesOf } from './check-subscription-settings.ts';
import { receiverOptions } from './receiver.ts';

/** What is checked. */
export interface SubscriptionCheckOptions {
  readonly address: ServiceBusAddress;
  readonly topic: string;
  readonly subscription: string;
  /** As configured. */
  readonly sessions: boolean;
  /** As configured, milliseconds. */
  readonly lockDurationMs: number;
  readonly clock: Clock;
}

type Named = Pick<SubscriptionCheckOptions, 'topic' | 'subscription'>;

/**
 * Address, sign-in, subscription, right to listen, sessions, lock duration. No message is received, no lock of a session with
 * messages taken: one message is peeked, and a session `dstream-check-…`, which nobody sends to, is accepted and released.
 */
export async function* checkSubscription(options: SubscriptionCheckOptions, o: CallOptions): Checks {
  const broker = yield* checkBroker(options.address, o);
  if (broker === undefined) return;
  const probe = await tryReceiving(options, o);
  if (probe instanceof DStreamError) {
    yield judgeFailure(options, broker, probe);
    return;
  }
  const { subscription: subject } = options;
  yield { outcome: 'passed', check: 'servicebus.exists', subject, message: `${shown(options)} exists` };
  const message = `this login may receive from ${shown(options)}`;
  yield { outcome: 'passed', check: 'servicebus.listen', subject, message };
  yield judgeSessions(options, broker, probe !== 'no sessions');
  if (probe !== 'no sessions' && options.sessions) yield judgeLock(options, broker, probe);
  yield* checkSubscriptionSettings({ ...options, namespace: broker.namespace }, o);
}

const shown = ({ topic, subscription }: Named) => `subscription ${subscription} of topic ${topic}`;

/** How long the lock of a session lasts, as far as the clocks agree, in milliseconds. */
export interface SeenLock {
  readonly lastsMs: number;
  /** How much less it may seem, because the answer took so long. */
  readonly roundTripMs: number;
}

const limitMs = 15_000;

/** An error instead of throwing it. Rejects with `signal.reason` on abort. */
async function tryReceiving(
  options: SubscriptionCheckOptions,
  { signal }: CallOptions,
): Promise<SeenLock | 'no sessions' | DStreamError> {
  const { address, clock } = options;
  const client = openClient(address, limitMs);
  const sockets = new Set<Socket>();
  const late = () => new DStreamError('TimedOut', `${shown(options)} gave no answer in time`);
  const limit = { clock, atMs: clock.monotonicMs() + limitMs, late, signal };
  try {
    const seen = await withTimeout(limit, () => withoutDelay(() => lookAt(client, options), sockets));
    await close('the connection of the check', client, clock);
    return seen;
  } catch (caught) {
    // An accept outlives its client: a connection that is gone ends it, and the lock with it.
    for (const socket of sockets) socket.destroy();
    signal.throwIfAborted();
    return translateError(caught, { tried: 'receive from', entity: shown(options) });
  }
}

type Client = ReturnType<typeof openClient>;

/** A peek is refused where there is no subscription or no right. After it only a lack of sessions refuses an own session. */
async function lookAt(client: Client, options: SubscriptionCheckOptions): Promise<SeenLock | 'no sessions'> {
  await client.createReceiver(options.topic, options.subscription, { ...receiverOptions }).peekMessages(1);
  try {
    return await lockOwnSession(client, options);
  } catch (error) {
    if (meansNoSessions(error)) return 'no sessions';
    throw error;
  }
}

/**
 * The client makes SessionCannotBeLocked of every refusal of a session that was asked for by its id, which nobody else can
 * have locked here; else `amqp:not-allowed` is a final GeneralError (seen in @azure/service-bus 7.9.5).
 */
function meansNoSessions(error: unknown): boolean {
  const { code, retryable } = error as { readonly code?: unknown; readonly retryable?: unknown };
  return code === 'SessionCannotBeLocked' || (code === 'GeneralError' && retryable === false);
}

/** Closing the client releases it. */
async function lockOwnSession(client: Client, options: SubscriptionCheckOptions): Promise<SeenLock> {
  const { topic, subscription, clock } = options;
  const beforeMs = clock.monotonicMs();
  const id = `dstream-check-${randomUUID()}`;
  const receiver = await client.acceptSession(topic, subscription, id, { ...receiverOptions });
  const roundTripMs = clock.monotonicMs() - beforeMs;
  const lastsMs = receiver.sessionLockedUntilUtc.getTime() - clock.wallMs();
  return { lastsMs, roundTripMs };
}

/** Pure. */
export function judgeFailure(
  named: Named,
  broker: CheckedBroker,
  { code, message }: DStreamError,
): CheckResult {
  const { namespace, login } = broker;
  const common = { outcome: 'failed', subject: named.subscription } as const;
  if (code === 'EntityNotFound') {
    const missing = `${shown(named)} does not exist in namespace ${namespace}, or is disabled`;
    const remedy = azCommands('servicebus', namespace, createCommand(named, true));
    return { ...common, check: 'servicebus.exists', message: missing, remedy };
  }
  if (code !== 'Unauthorized') return noAnswer(named.subscription, message);
  const role = 'Azure Service Bus Data Receiver';
  const remedy = grantRemedy({ service: 'servicebus', namespace, login, claim: 'Listen', role });
  return { ...common, check: 'servicebus.listen', message: refused(broker, 'Listen', shown(named)), remedy };
}

/** With the settings of docs/operations.md, "Service Bus". */
function createCommand(named: Named, sessions: boolean): string {
  return [
    `topic subscription create ${namesOf(named)} --enable-session ${sessions} --lock-duration PT1M`,
    '--max-delivery-count 1000 --enable-dead-lettering-on-message-expiration true',
  ].join(' ');
}

/** Pure. Whether a subscription has sessions cannot be changed: it is created anew. */
export function judgeSessions(
  options: Named & Pick<SubscriptionCheckOptions, 'sessions'>,
  { namespace }: Pick<CheckedBroker, 'namespace'>,
  has: boolean,
): CheckResult {
  const { sessions, subscription } = options;
  const common = { check: 'servicebus.sessions', subject: subscription };
  const is = `${shown(options)} ${has ? 'has' : 'has no'} sessions`;
  if (has === sessions) return { ...common, outcome: 'passed', message: `${is}, as configured` };
  const remedy = azCommands(
    'servicebus',
    namespace,
    `# write sessions = ${has} in processor.source; or delete it, with all messages that are in it, and create it anew:`,
    `# ${azCommand('servicebus', namespace, `topic subscription delete ${namesOf(options)}`)}`,
    `# ${azCommand('servicebus', namespace, createCommand(options, sessions))}`,
  );
  return { ...common, outcome: 'failed', message: `${is}, and sessions = ${sessions} is configured`, remedy };
}

/** What clocks may differ by, and the service may round. */
const toleranceMs = 5_000;

/** "Message transfers, locks, and settlement": at most 5 minutes. */
const longestLockMs = 300_000;

/** Pure. A processor believes in a lock for four fifths of what is configured. */
export function judgeLock(
  options: Named & Pick<SubscriptionCheckOptions, 'lockDurationMs'>,
  { namespace }: Pick<CheckedBroker, 'namespace'>,
  { lastsMs, roundTripMs }: SeenLock,
): CheckResult {
  const { subscription, lockDurationMs } = options;
  const common = { check: 'servicebus.lock-duration', subject: subscription };
  const tolerated = toleranceMs + roundTripMs;
  if (lastsMs < -tolerated || lastsMs > longestLockMs + tolerated) {
    const message = `a lock that was just taken seems to end in ${seconds(lastsMs)}: the clock here differs from that of the service`;
    const remedy = { kind: 'advice', text: 'synchronise the clock of this machine (NTP)' } as const;
    return { ...common, outcome: 'warned', message, remedy };
  }
  const figures = `sessions of ${shown(options)} are locked for about ${seconds(lastsMs)}; lock_duration is ${seconds(lockDurationMs)}`;
  if (lastsMs + tolerated >= lockDurationMs) return { ...common, outcome: 'passed', message: figures };
  const remedy = azCommands(
    'servicebus',
    namespace,
    `topic subscription update ${namesOf(options)} --lock-duration PT${lockDurationMs / 1_000}S`,
    `# or write lock_duration = "${seconds(lastsMs).replace(' ', '')}" in processor.source`,
  );
  return { ...common, outcome: 'failed', message: `${figures}: locks end while they are relied on`, remedy };
}

const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`;

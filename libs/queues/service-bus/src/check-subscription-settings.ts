/** The settings of a subscription, where the login can read them. */
import {
  shellWord,
  type CallOptions,
  type CheckResult,
  type Checks,
  type Clock,
  type FailedCheck,
} from '@dstream/core';
import {
  durationMs,
  judgeCommon,
  neverMs,
  readSettings,
  unreadable,
  type CommonSettings,
  type ServiceBusAddress,
  type SettingsSubject,
} from '@dstream/service-bus';
import { azCommands } from '@dstream/service-bus/check';

/** What is configured. */
export interface ConfiguredSubscription {
  readonly topic: string;
  readonly subscription: string;
  readonly sessions: boolean;
  /** Milliseconds. */
  readonly lockDurationMs: number;
  /** As the command line of Azure calls it. */
  readonly namespace: string;
}

/** What is looked at. */
export interface SubscriptionSettings extends CommonSettings {
  /** ISO 8601. */
  readonly lockDuration: string;
  readonly maxDeliveryCount: number;
  readonly deadLetteringOnMessageExpiration: boolean;
  readonly forwardTo?: string | undefined;
  readonly deadLetterMessageCount: number;
  /** What each rule lets through; SQL of the default rule is `1=1`. */
  readonly filters: readonly string[];
}

/** Yields what is not as it should be, or that all is; a warning where it cannot be read. */
export async function* checkSubscriptionSettings(
  configured: ConfiguredSubscription & { readonly address: ServiceBusAddress; readonly clock: Clock },
  o: CallOptions,
): Checks {
  const { address, topic, subscription, clock } = configured;
  const read = await readSettings(address, clock, o, async (client, options) => {
    const given = await client.getSubscription(topic, subscription, options);
    const now = await client.getSubscriptionRuntimeProperties(topic, subscription, options);
    const filters: string[] = [];
    for await (const { filter } of client.listRules(topic, subscription, options))
      filters.push('sqlExpression' in filter ? filter.sqlExpression : 'correlation');
    return { ...given, ...now, filters };
  });
  if ('why' in read) yield unreadable(subjectOf(configured), read.why, showCommand(configured));
  else yield* judgeSubscription(configured, read);
}

/** The options of `az servicebus topic subscription` that name it. */
export const namesOf = ({ topic, subscription }: Pick<ConfiguredSubscription, 'topic' | 'subscription'>) =>
  `--topic-name ${shellWord(topic)} -n ${shellWord(subscription)}`;

function subjectOf(configured: ConfiguredSubscription): SettingsSubject {
  const { topic, subscription, namespace } = configured;
  const update = (options: string) =>
    azCommands('servicebus', namespace, `topic subscription update ${namesOf(configured)} ${options}`);
  return { shown: `subscription ${subscription} of topic ${topic}`, subject: subscription, update };
}

const query =
  '"{status:status,deliveries:maxDeliveryCount,lock:lockDuration,timeToLive:defaultMessageTimeToLive,deadLettering:deadLetteringOnMessageExpiration,autoDelete:autoDeleteOnIdle,forwardTo:forwardTo}"';

function showCommand(configured: ConfiguredSubscription) {
  const lock = `PT${configured.lockDurationMs / 1_000}S`;
  return azCommands(
    'servicebus',
    configured.namespace,
    `# expected: status Active, deliveries 1000 or more, lock at least ${lock}, timeToLive longer than an outage,`,
    '# deadLettering true, autoDelete P10675199D…, forwardTo null',
    `topic subscription show ${namesOf(configured)} --query ${query}`,
  );
}

/** Pure. */
export function* judgeSubscription(
  configured: ConfiguredSubscription,
  settings: SubscriptionSettings,
): Iterable<CheckResult> {
  const of = subjectOf(configured);
  const problems = [
    ...judgeCommon(of, settings),
    ...judgeDelivery(of, configured, settings),
    ...judgeContent(of, configured, settings),
  ];
  yield* problems;
  if (problems.length > 0) return;
  const message = `${of.shown} is active, delivers up to ${settings.maxDeliveryCount} times, and filters nothing`;
  yield { outcome: 'passed', check: 'servicebus.settings', subject: of.subject, message };
}

/** Each lock that expires counts as a delivery: at the default of 10 healthy messages are dead-lettered. */
const leastDeliveries = 1_000;

function* judgeDelivery(
  { shown, subject, update }: SettingsSubject,
  { sessions, lockDurationMs }: ConfiguredSubscription,
  { maxDeliveryCount, lockDuration, deadLetteringOnMessageExpiration, ...settings }: SubscriptionSettings,
): Iterable<FailedCheck> {
  if (maxDeliveryCount < leastDeliveries) {
    const message = `${shown} dead-letters a message after ${maxDeliveryCount} deliveries, and each lock that expires is one`;
    const remedy = update(`--max-delivery-count ${leastDeliveries}`);
    yield { outcome: 'warned', check: 'servicebus.delivery-count', subject, message, remedy };
  }
  // Those of sessions were measured.
  if (!sessions && durationMs(lockDuration) < lockDurationMs) {
    const message = `${shown} locks for ${lockDuration}; lock_duration is ${lockDurationMs / 1_000} s: locks end while they are relied on`;
    const remedy = update(`--lock-duration PT${lockDurationMs / 1_000}S`);
    yield { outcome: 'failed', check: 'servicebus.lock-duration', subject, message, remedy };
  }
  if (!deadLetteringOnMessageExpiration && durationMs(settings.defaultMessageTimeToLive) < neverMs) {
    const message = `messages of ${shown} that expire are deleted, not dead-lettered`;
    const remedy = update('--enable-dead-lettering-on-message-expiration true');
    yield { outcome: 'warned', check: 'servicebus.dead-lettering', subject, message, remedy };
  }
}

function* judgeContent(
  { shown, subject, update }: SettingsSubject,
  { topic, subscription, namespace }: ConfiguredSubscription,
  { forwardTo = '', filters, deadLetterMessageCount }: SubscriptionSettings,
): Iterable<FailedCheck> {
  if (forwardTo !== '') {
    const message = `${shown} forwards its messages to ${forwardTo}: none is left to receive`;
    const remedy = update('--forward-to ""');
    yield { outcome: 'failed', check: 'servicebus.forwarding', subject, message, remedy };
  }
  if (!filters.includes('1=1')) {
    const message = `the rules of ${shown} do not let every message through: changes may be missing`;
    const names = `--topic-name ${shellWord(topic)} --subscription-name ${shellWord(subscription)}`;
    const remedy = azCommands('servicebus', namespace, `topic subscription rule list ${names} -o table`);
    yield { outcome: 'warned', check: 'servicebus.filter', subject, message, remedy };
  }
  if (deadLetterMessageCount > 0) {
    const message = `${shown} has dead letters: ${deadLetterMessageCount}`;
    const remedy = { kind: 'command', text: 'dstream dead-letters list --config FILE' } as const;
    yield { outcome: 'warned', check: 'servicebus.dead-letters', subject, message, remedy };
  }
}

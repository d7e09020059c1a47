/** The settings of a topic, where the login can read them. */
import type { TopicProperties, TopicRuntimeProperties } from '@azure/service-bus';
import {
  shellWord,
  type CallOptions,
  type CheckResult,
  type Checks,
  type Clock,
  type FailedCheck,
} from '@dstream/core';
import { readSettings } from './administration.ts';
import { azCommands } from './az-commands.ts';
import type { ServiceBusAddress } from './connections.ts';
import {
  durationMs,
  judgeCommon,
  neverMs,
  unreadable,
  type CommonSettings,
  type SettingsSubject,
} from './entity-settings.ts';

/** What is looked at. */
export interface TopicSettings extends CommonSettings {
  readonly sizeInBytes?: number | undefined;
  readonly maxSizeInMegabytes: number;
  readonly requiresDuplicateDetection: boolean;
  readonly subscriptionCount?: number | undefined;
}

/** @param namespace as the command line of Azure calls it */
export async function* checkTopicSettings(
  {
    address,
    topic,
    clock,
  }: { readonly address: ServiceBusAddress; readonly topic: string; readonly clock: Clock },
  namespace: string,
  o: CallOptions,
): Checks {
  const read = await readSettings(address, clock, o, async (client, options) => {
    const given: TopicProperties = await client.getTopic(topic, options);
    const now: TopicRuntimeProperties = await client.getTopicRuntimeProperties(topic, options);
    return { ...given, ...now };
  });
  if ('why' in read) yield unreadable(subjectOf(topic, namespace), read.why, showCommand(topic, namespace));
  else yield* judgeTopic(topic, namespace, read);
}

function subjectOf(topic: string, namespace: string): SettingsSubject {
  const update = (options: string) =>
    azCommands('servicebus', namespace, `topic update -n ${shellWord(topic)} ${options}`);
  return { shown: `topic ${topic}`, subject: topic, update };
}

const query =
  '"{status:status,timeToLive:defaultMessageTimeToLive,autoDelete:autoDeleteOnIdle,subscriptions:subscriptionCount,bytes:sizeInBytes,maxMegabytes:maxSizeInMegabytes}"';

function showCommand(topic: string, namespace: string) {
  return azCommands(
    'servicebus',
    namespace,
    '# expected: status Active, timeToLive longer than an outage, autoDelete P10675199D…, subscriptions at least 1',
    `topic show -n ${shellWord(topic)} --query ${query}`,
  );
}

/** Pure. */
export function* judgeTopic(
  topic: string,
  namespace: string,
  settings: TopicSettings,
): Iterable<CheckResult> {
  const of = subjectOf(topic, namespace);
  const used = Math.round(((settings.sizeInBytes ?? 0) / 1_048_576 / settings.maxSizeInMegabytes) * 100);
  const problems = [...judgeCommon(of, settings)];
  if (settings.subscriptionCount === 0) problems.push(withoutSubscription(of, namespace));
  if (used >= 80) problems.push(almostFull(of, used, settings.maxSizeInMegabytes));
  yield* problems;
  if (problems.length > 0) return;
  const { defaultMessageTimeToLive: ttl, requiresDuplicateDetection } = settings;
  const lasting = durationMs(ttl) < neverMs ? `live for ${ttl}` : 'never expire';
  const duplicates = requiresDuplicateDetection ? '; repeats are dropped by their id' : '';
  const message = `${of.shown} is active, ${used} % full; its messages ${lasting}${duplicates}`;
  yield { outcome: 'passed', check: 'servicebus.settings', subject: of.subject, message };
}

function withoutSubscription({ shown, subject }: SettingsSubject, namespace: string): FailedCheck {
  const message = `${shown} has no subscription: what is sent is lost`;
  const remedy = azCommands(
    'servicebus',
    namespace,
    `topic subscription create --topic-name ${shellWord(subject)} -n dstream --enable-session true --max-delivery-count 1000`,
  );
  return { outcome: 'failed', check: 'servicebus.subscriptions', subject, message, remedy };
}

function almostFull({ shown, subject }: SettingsSubject, used: number, maxMegabytes: number): FailedCheck {
  const message = `${shown} is ${used} % full (of ${maxMegabytes} MB): at 100 % it accepts nothing`;
  const text =
    'start the processor, or look at why it does not keep up; other subscriptions of the topic count, too';
  const remedy = { kind: 'advice', text } as const;
  return { outcome: 'warned', check: 'servicebus.space', subject, message, remedy };
}

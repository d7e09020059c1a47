/** Checks a parsed Config.json. An error names the place, as `UserConfig.Namespaces[0].Topics[1].Name`. */
import { each, fail, record, type Check } from '../../json/check-json.ts';
import type { Entities } from './entity-settings.ts';
import { parseDuration } from './iso-duration.ts';

/** The value, typed; throws an Error that says what is wrong and where. */
export function parseEntities(value: unknown): Entities {
  const { UserConfig } = record(value, 'the file');
  const { Namespaces } = record(UserConfig, 'UserConfig');
  each(Namespaces, 'UserConfig.Namespaces', (namespace, at) => {
    const { Queues, Topics } = record(namespace, at);
    each(Queues ?? [], `${at}.Queues`, entity);
    each(Topics ?? [], `${at}.Topics`, topic);
  });
  return value as Entities;
}

function topic(value: unknown, at: string): void {
  entity(value, at);
  each(record(value, at)['Subscriptions'] ?? [], `${at}.Subscriptions`, (subscription, place) => {
    entity(subscription, place);
    refuseDuplicateDetection(subscription, place);
    each(record(subscription, place)['Rules'] ?? [], `${place}.Rules`, refuseRule);
  });
}

function entity(value: unknown, at: string): void {
  const { Name, Properties } = record(value, at);
  if (typeof Name !== 'string' || Name === '') fail(`${at}.Name`, 'a name');
  for (const [key, property] of Object.entries(record(Properties ?? {}, `${at}.Properties`))) {
    const check = properties[key];
    if (check === undefined) fail(`${at}.Properties.${key}`, `one of ${Object.keys(properties).join(', ')}`);
    check(property, `${at}.Properties.${key}`);
  }
}

/** It is a property of queues and topics: a subscription gets what its topic has taken (Duplicate detection). */
function refuseDuplicateDetection(subscription: unknown, at: string): void {
  const declared = record(record(subscription, at)['Properties'] ?? {}, `${at}.Properties`);
  for (const key of ['RequiresDuplicateDetection', 'DuplicateDetectionHistoryTimeWindow'])
    if (key in declared) throw new Error(`${at}.Properties.${key}: declare it for the topic`);
}

/** A filter that has no effect would be a trap. */
function refuseRule(_: unknown, at: string): void {
  throw new Error(`${at}: rules are not evaluated by this stand-in, remove them`);
}

const flag: Check = (value, at) => {
  if (typeof value !== 'boolean') fail(at, 'true or false');
};

const count: Check = (value, at) => {
  if (!Number.isSafeInteger(value) || Number(value) < 1) fail(at, 'a whole number of at least 1');
};

const duration: Check = (value, at) => {
  if (typeof value !== 'string') fail(at, 'a duration such as PT1M');
  try {
    parseDuration(value);
  } catch (error) {
    throw new Error(`${at}: ${(error as Error).message}`, { cause: error });
  }
};

/** 20 seconds to 7 days (Duplicate detection). */
const historyWindow: Check = (value, at) => {
  duration(value, at);
  const windowMs = parseDuration(String(value));
  if (windowMs < 20_000 || windowMs > 7 * 86_400_000) fail(at, 'PT20S to P7D');
};

const unused: Check = (value, at) => {
  if (value !== '' && value !== null) fail(at, 'empty: this stand-in does not forward');
};

const properties: Readonly<Record<string, Check>> = {
  RequiresSession: flag,
  LockDuration: duration,
  MaxDeliveryCount: count,
  DefaultMessageTimeToLive: duration,
  DeadLetteringOnMessageExpiration: flag,
  RequiresDuplicateDetection: flag,
  DuplicateDetectionHistoryTimeWindow: historyWindow,
  MaxMessageSize: count,
  ForwardTo: unused,
  ForwardDeadLetteredMessagesTo: unused,
};

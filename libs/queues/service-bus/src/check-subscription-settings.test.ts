import { expect, test } from 'vitest';
import { judgeSubscription, type SubscriptionSettings } from './check-subscription-settings.ts';

const configured = {
  topic: 'changes',
  subscription: 'dstream',
  sessions: false,
  lockDurationMs: 60_000,
  namespace: 'shop',
};

const never = 'P10675199DT2H48M5.4775807S';

const good: SubscriptionSettings = {
  status: 'Active',
  defaultMessageTimeToLive: 'P14D',
  autoDeleteOnIdle: never,
  lockDuration: 'PT1M',
  maxDeliveryCount: 1_000,
  deadLetteringOnMessageExpiration: true,
  deadLetterMessageCount: 0,
  filters: ['1=1'],
};

const judge = (change: Partial<SubscriptionSettings>, wish = configured) => [
  ...judgeSubscription(wish, { ...good, ...change }),
];
const shown = 'subscription dstream of topic changes';

test('settings as they should be are one line', () => {
  expect(judge({})).toEqual([
    {
      outcome: 'passed',
      check: 'servicebus.settings',
      subject: 'dstream',
      message: `${shown} is active, delivers up to 1000 times, and filters nothing`,
    },
  ]);
});

test.each<[Partial<SubscriptionSettings>, string, string]>([
  [
    { status: 'ReceiveDisabled' },
    `failed servicebus.status: ${shown} has the status ReceiveDisabled`,
    'update --topic-name changes -n dstream --status Active',
  ],
  [
    { maxDeliveryCount: 10 },
    `warned servicebus.delivery-count: ${shown} dead-letters a message after 10 deliveries, and each lock that expires is one`,
    'update --topic-name changes -n dstream --max-delivery-count 1000',
  ],
  [
    { lockDuration: 'PT30S' },
    `failed servicebus.lock-duration: ${shown} locks for PT30S; lock_duration is 60 s: locks end while they are relied on`,
    'update --topic-name changes -n dstream --lock-duration PT60S',
  ],
  [
    { defaultMessageTimeToLive: 'PT1H' },
    `warned servicebus.time-to-live: messages of ${shown} expire after PT1H: a longer outage loses them`,
    'update --topic-name changes -n dstream --default-message-time-to-live P14D',
  ],
  [
    { deadLetteringOnMessageExpiration: false },
    `warned servicebus.dead-lettering: messages of ${shown} that expire are deleted, not dead-lettered`,
    'update --topic-name changes -n dstream --enable-dead-lettering-on-message-expiration true',
  ],
  [
    { autoDeleteOnIdle: 'PT5M' },
    `warned servicebus.auto-delete: ${shown} is deleted, with its messages, when it is idle for PT5M`,
    'update --topic-name changes -n dstream --auto-delete-on-idle P10675199D',
  ],
  [
    { forwardTo: 'archive' },
    `failed servicebus.forwarding: ${shown} forwards its messages to archive: none is left to receive`,
    'update --topic-name changes -n dstream --forward-to ""',
  ],
  [
    { filters: ["schema = 'dbo'"] },
    `warned servicebus.filter: the rules of ${shown} do not let every message through: changes may be missing`,
    'rule list --topic-name changes --subscription-name dstream -o table',
  ],
  [
    { filters: [] },
    `warned servicebus.filter: the rules of ${shown} do not let every message through: changes may be missing`,
    'rule list --topic-name changes --subscription-name dstream -o table',
  ],
])('%j', (change, line, command) => {
  const [found, ...others] = judge(change);
  expect(others).toEqual([]);
  expect(`${found?.outcome} ${found?.check}: ${found?.message}`).toBe(line);
  const text = found !== undefined && 'remedy' in found ? found.remedy.text : '';
  expect(text.split('\n')[1]).toBe(
    `az servicebus topic subscription ${command} -g "$GROUP" --namespace-name shop`,
  );
});

test('dead letters are to be looked at', () => {
  expect(judge({ deadLetterMessageCount: 3 })).toEqual([
    {
      outcome: 'warned',
      check: 'servicebus.dead-letters',
      subject: 'dstream',
      message: `${shown} has dead letters: 3`,
      remedy: { kind: 'command', text: 'dstream dead-letters list --config FILE' },
    },
  ]);
});

test('what never expires need not be dead-lettered, and locks of sessions are measured elsewhere', () => {
  const change = { deadLetteringOnMessageExpiration: false, defaultMessageTimeToLive: never };
  expect(judge(change)).toMatchObject([{ outcome: 'passed' }]);
  expect(judge({ lockDuration: 'PT30S' }, { ...configured, sessions: true })).toMatchObject([
    { outcome: 'passed' },
  ]);
});

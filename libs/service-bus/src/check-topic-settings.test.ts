import { expect, test } from 'vitest';
import { judgeTopic, type TopicSettings } from './check-topic-settings.ts';
import { durationMs } from './entity-settings.ts';

const never = 'P10675199DT2H48M5.4775807S';

const good: TopicSettings = {
  status: 'Active',
  defaultMessageTimeToLive: 'P14D',
  autoDeleteOnIdle: never,
  sizeInBytes: 10_485_760,
  maxSizeInMegabytes: 1_024,
  requiresDuplicateDetection: false,
  subscriptionCount: 1,
};

const judge = (change: Partial<TopicSettings>) => [...judgeTopic('changes', 'shop', { ...good, ...change })];

test('settings as they should be are one line', () => {
  expect(judge({})).toEqual([
    {
      outcome: 'passed',
      check: 'servicebus.settings',
      subject: 'changes',
      message: 'topic changes is active, 1 % full; its messages live for P14D',
    },
  ]);
});

test('messages that never expire, and duplicate detection, are said', () => {
  expect(judge({ defaultMessageTimeToLive: never, requiresDuplicateDetection: true })).toMatchObject([
    {
      message:
        'topic changes is active, 1 % full; its messages never expire; repeats are dropped by their id',
    },
  ]);
});

test.each<[Partial<TopicSettings>, string, string]>([
  [
    { status: 'SendDisabled' },
    'failed servicebus.status: topic changes has the status SendDisabled',
    'az servicebus topic update -n changes --status Active -g "$GROUP" --namespace-name shop',
  ],
  [
    { subscriptionCount: 0 },
    'failed servicebus.subscriptions: topic changes has no subscription: what is sent is lost',
    'az servicebus topic subscription create --topic-name changes -n dstream --enable-session true --max-delivery-count 1000 -g "$GROUP" --namespace-name shop',
  ],
  [
    { sizeInBytes: 900 * 1_048_576 },
    'warned servicebus.space: topic changes is 88 % full (of 1024 MB): at 100 % it accepts nothing',
    'start the processor, or look at why it does not keep up; other subscriptions of the topic count, too',
  ],
])('%j', (change, line, remedy) => {
  const [found, ...others] = judge(change);
  expect(others).toEqual([]);
  expect(`${found?.outcome} ${found?.check}: ${found?.message}`).toBe(line);
  expect(found !== undefined && 'remedy' in found ? found.remedy.text.split('\n').at(-1) : '').toBe(remedy);
});

test.each([
  ['P14D', 1_209_600_000],
  ['PT1M30.5S', 90_500],
  ['P1DT2H', 93_600_000],
  ['PT0S', 0],
  ['P', Number.NaN],
  ['1 day', Number.NaN],
])('the duration %s', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

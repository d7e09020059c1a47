import { expect, test } from 'vitest';
import { parseEntities } from './parse-entities.ts';

const file = (namespace: object) => ({ UserConfig: { Namespaces: [namespace] } });

test('a file in the form of the official emulator is taken', () => {
  const value = file({
    Name: 'sbemulatorns',
    Queues: [
      {
        Name: 'queue.1',
        Properties: {
          DeadLetteringOnMessageExpiration: false,
          DefaultMessageTimeToLive: 'PT1H',
          DuplicateDetectionHistoryTimeWindow: 'PT20S',
          ForwardDeadLetteredMessagesTo: '',
          ForwardTo: '',
          LockDuration: 'PT1M',
          MaxDeliveryCount: 3,
          RequiresDuplicateDetection: false,
          RequiresSession: false,
        },
      },
    ],
    Topics: [{ Name: 'topic.1', Subscriptions: [{ Name: 'subscription.1', Rules: [] }] }],
  });
  expect(parseEntities(value)).toBe(value);
});

const queue = (Properties: object) => file({ Queues: [{ Name: 'q', Properties }] });
const at = 'UserConfig.Namespaces[0].Queues[0]';

test.each([
  [[], 'the file must be an object'],
  [{}, 'UserConfig must be an object'],
  [{ UserConfig: {} }, 'UserConfig.Namespaces must be a list'],
  [file({ Queues: [{}] }), `${at}.Name must be a name`],
  [file({ Topics: {} }), 'UserConfig.Namespaces[0].Topics must be a list'],
  [queue({ RequiresSession: 'yes' }), `${at}.Properties.RequiresSession must be true or false`],
  [queue({ MaxDeliveryCount: 0 }), `${at}.Properties.MaxDeliveryCount must be a whole number of at least 1`],
  [queue({ LockDuration: '1m' }), `${at}.Properties.LockDuration: '1m' is not a duration`],
  [queue({ LockDuration: 60 }), `${at}.Properties.LockDuration must be a duration such as PT1M`],
  [
    queue({ DuplicateDetectionHistoryTimeWindow: 'PT19S' }),
    `${at}.Properties.DuplicateDetectionHistoryTimeWindow must be PT20S to P7D`,
  ],
  [
    queue({ DuplicateDetectionHistoryTimeWindow: 'P8D' }),
    `${at}.Properties.DuplicateDetectionHistoryTimeWindow must be PT20S to P7D`,
  ],
  [
    file({
      Topics: [
        { Name: 't', Subscriptions: [{ Name: 's', Properties: { RequiresDuplicateDetection: true } }] },
      ],
    }),
    'Subscriptions[0].Properties.RequiresDuplicateDetection: declare it for the topic',
  ],
  [queue({ ForwardTo: 'x' }), `${at}.Properties.ForwardTo must be empty`],
  [queue({ RequireSession: true }), `${at}.Properties.RequireSession must be one of RequiresSession`],
  [
    file({ Topics: [{ Name: 't', Subscriptions: [{ Name: 's', Rules: [{}] }] }] }),
    'UserConfig.Namespaces[0].Topics[0].Subscriptions[0].Rules[0]: rules are not evaluated',
  ],
])('%j is refused', (value, message) => expect(() => parseEntities(value)).toThrow(message));

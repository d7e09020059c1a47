import { expect, test } from 'vitest';
import { signingSecret, webhookHeaders } from './signature.ts';

const read = (value: string) =>
  signingSecret.read({ value, shown: JSON.stringify(value), fromVariable: false, items: [] });
const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 'x').toString('base64')}`;

test.each([24, 32, 64])('a secret of %s bytes is one', (bytes) => {
  expect(read(secretOf(bytes))).toEqual({ value: secretOf(bytes) });
});

test.each([
  secretOf(23),
  secretOf(65),
  'hunter2',
  'whsec_.',
  `whsec_${'é'.repeat(40)}`,
  secretOf(32).slice(6),
])('%s is none, and is not repeated', (text) => {
  const result = read(text);
  expect(result).toMatchObject({ faults: [{ wrong: 'the value is not a signing secret' }] });
  expect(JSON.stringify(result)).not.toContain(text);
});

// The example of the specification, "Signature scheme": spec/standard-webhooks.md.
test('the example of the standard has its signature', () => {
  const body = Buffer.from('{"test": 2432232314}');
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  expect(
    webhookHeaders({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330 }, body, [secret]),
  ).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('without a secret there is an id and a time, and no signature', () => {
  expect(webhookHeaders({ id: 'a', timestamp: 1 }, new Uint8Array(), [])).toEqual({
    'webhook-id': 'a',
    'webhook-timestamp': '1',
  });
});

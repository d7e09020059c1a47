import { DStreamError } from '@dstream/core';
import { expect, test } from 'vitest';
import { judgeProbe, type Probe } from './judge-probe.ts';

const probe: Probe = {
  check: 'servicebus.send',
  template: '{{ table }}',
  broker: { namespace: 'shop', login: { kind: 'identity', principal: 'some-id' } },
};

const never = () => {
  throw new Error('not to be asked');
};

test.each([undefined, new DStreamError('EntityNotFound', 'none')])(
  'no such destination, or one by chance, shows that the login is accepted',
  (error) => {
    expect(judgeProbe(probe, error, never)).toEqual({
      outcome: 'passed',
      check: 'servicebus.send',
      message:
        'namespace shop accepts this login; destinations are named "{{ table }}", and each is looked up with its first change',
    });
  },
);

test('an identity may have its role at each destination', () => {
  expect(judgeProbe(probe, new DStreamError('Unauthorized', 'no'), never)).toEqual({
    outcome: 'warned',
    check: 'servicebus.send',
    message:
      'the identity some-id has no role to send in namespace shop; destinations are named "{{ table }}", and it may have one at each',
    remedy: {
      kind: 'command',
      text: 'az role assignment list --all --assignee some-id -o table',
    },
  });
});

test('another error is judged as that of a destination', () => {
  const error = new DStreamError('Throttled', 'busy');
  const judged = { outcome: 'passed', check: 'x', message: 'y' } as const;
  expect(judgeProbe(probe, error, (given) => (given === error ? judged : never()))).toBe(judged);
});

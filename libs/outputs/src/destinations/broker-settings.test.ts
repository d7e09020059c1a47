import type { RoutedEvent } from '@dstream/core';
import { expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { eventHubNames } from './destination-name.ts';
import { addressOf, namesOf } from './broker-settings.ts';

const hash = () => '0123456789abcdef';
const table = { server: 'DB1', database: 'Shop', schema: 'dbo', table: 'Persons' };

function routed(destination?: string): RoutedEvent {
  const change = { event: aChange(1, table), line: Buffer.from('{}'), orderingKey: '' };
  return destination === undefined ? change : { ...change, destination };
}

test('a name with nothing to fill in stays as it was written, for it may be an EntityPath', () => {
  const { nameOf, fixedName } = namesOf({ name: 'MyHub', isOnlyOne: true }, eventHubNames, hash);
  expect([nameOf(routed()), fixedName]).toEqual(['MyHub', 'MyHub']);
});

test('a name is filled in for each change, and there is no single destination then', () => {
  const name = '{{ server }}.{{ table }}.Events';
  const { nameOf, fixedName } = namesOf({ name, isOnlyOne: false }, eventHubNames, hash);
  expect([nameOf(routed()), fixedName]).toEqual(['db1.persons.events', undefined]);
});

test('what a transform has chosen comes before the name, and keeps to its rules', () => {
  const { nameOf } = namesOf({ name: '{{ table }}', isOnlyOne: false }, eventHubNames, hash);
  expect(nameOf(routed('Orders.EU'))).toBe('Orders.EU');
  for (const wrong of ['', 'a/b', 'a b', '.a', 'x'.repeat(257)])
    expect(() => nameOf(routed(wrong))).toThrow(
      expect.objectContaining({
        code: 'Rejected',
        message: `"${wrong}" is not the name of an event hub; use letters, digits, ".", "-" and "_", at most 256 characters, with a letter or digit at both ends`,
      }),
    );
});

test('nothing else can be chosen where the connection string has an EntityPath', () => {
  const { nameOf } = namesOf({ name: 'orders', isOnlyOne: true }, eventHubNames, hash);
  expect(nameOf(routed('orders'))).toBe('orders');
  expect(() => nameOf(routed('others'))).toThrow(
    expect.objectContaining({
      code: 'Rejected',
      message: '"others" cannot be reached: the EntityPath of the connection string is "orders"',
    }),
  );
});

test('nobody signs in where there is a connection string', () => {
  const unwanted = () => expect.unreachable('no credential is wanted');
  const connection = {
    kind: 'connection-string',
    connectionString: 'Endpoint=sb://h/',
    transport: 'amqp',
  } as const;
  expect(addressOf(connection, unwanted)).toEqual({
    connectionString: 'Endpoint=sb://h/',
    transport: 'amqp',
  });
});

test('a namespace is entered with the credential of the process', () => {
  const credential = { getToken: () => Promise.resolve(null) };
  const connection = { kind: 'namespace', namespace: 'h.servicebus.windows.net', transport: 'amqp' } as const;
  expect(addressOf(connection, () => credential)).toEqual({
    namespace: 'h.servicebus.windows.net',
    credential,
    transport: 'amqp',
  });
});

import { expect, test } from 'vitest';
import { eventHubNames } from './destination-name.ts';
import { addressOf, namesOf } from './broker-settings.ts';

const hash = () => '0123456789abcdef';
const metadata = { server: 'DB1', database: 'Shop', schema: 'dbo', table: 'Persons' } as Parameters<
  ReturnType<typeof namesOf>['nameOf']
>[0];

test('a name with nothing to fill in stays as it was written, for it may be an EntityPath', () => {
  const { nameOf, fixedName } = namesOf('MyHub', eventHubNames, hash);
  expect([nameOf(metadata), fixedName]).toEqual(['MyHub', 'MyHub']);
});

test('a name is filled in for each change, and there is no single destination then', () => {
  const { nameOf, fixedName } = namesOf('{{ server }}.{{ table }}.Events', eventHubNames, hash);
  expect([nameOf(metadata), fixedName]).toEqual(['db1.persons.events', undefined]);
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

import { describe, expect, test } from 'vitest';
import { azCommands, grantRemedy, refused, targetOf, type CheckedAddress } from './check-broker.ts';

const key = 'SharedAccessKeyName=app;SharedAccessKey=c2VjcmV0';
const string = (text: string, transport?: 'amqp' | 'websockets') =>
  ({ connectionString: `${text};${key}`, transport }) as CheckedAddress;
const credential = { getToken: () => Promise.resolve(null) };

describe('the address of a broker', () => {
  test.each<[CheckedAddress, string, number, boolean]>([
    [string('Endpoint=sb://shop.servicebus.windows.net/'), 'shop.servicebus.windows.net', 5671, true],
    [
      string('Endpoint=sb://shop.servicebus.windows.net', 'websockets'),
      'shop.servicebus.windows.net',
      443,
      true,
    ],
    [{ namespace: 'shop.servicebus.windows.net', credential }, 'shop.servicebus.windows.net', 5671, true],
    [string('Endpoint=sb://localhost;UseDevelopmentEmulator=true'), 'localhost', 5672, false],
    [string(' endpoint=sb://[::1]:1234/;UseDevelopmentEmulator=true'), '[::1]', 1234, false],
    [{ namespace: 'localhost:1234', credential, transport: 'websockets' }, 'localhost', 1234, true],
  ])('%j', (address, host, port, tls) => {
    expect(targetOf(address)).toMatchObject({ host, port, tls });
  });

  test('only WebSockets go through a proxy, and are proposed where AMQP does not pass', () => {
    expect(targetOf(string('Endpoint=sb://a.b', 'websockets')).usesProxy).toBe(true);
    const amqp = targetOf(string('Endpoint=sb://a.b'));
    expect(amqp.usesProxy).toBeUndefined();
    expect(amqp.hint).toBe('where only port 443 is open, write transport = "websockets"');
  });
});

describe('remedies', () => {
  const right = {
    service: 'eventhubs',
    namespace: 'shop',
    claim: 'Send',
    role: 'Azure Event Hubs Data Sender',
  } as const;

  test('an identity is given a role in the namespace', () => {
    const login = { kind: 'identity', principal: 'some-id' } as const;
    expect(grantRemedy({ ...right, login })).toEqual({
      kind: 'command',
      text: `az role assignment create --assignee some-id --role "Azure Event Hubs Data Sender" --scope "$(az eventhubs namespace list --query "[?name=='shop'].id" -o tsv)"`,
    });
    expect(refused({ namespace: 'shop', login }, 'Listen', 'subscription s')).toBe(
      'the identity some-id is refused at subscription s: it has no role that allows to listen',
    );
  });

  test('names are words of a shell, whatever is in them', () => {
    const login = { kind: 'key', rule: `a b'; rm -rf ~` } as const;
    expect(grantRemedy({ ...right, login }).text).toContain(String.raw` -n 'a b'\''; rm -rf ~' `);
    expect(azCommands('servicebus', 'shop', 'topic show -n x').text).toBe(
      `GROUP=$(az servicebus namespace list --query "[?name=='shop'].resourceGroup" -o tsv)\n` +
        'az servicebus topic show -n x -g "$GROUP" --namespace-name shop',
    );
  });
});

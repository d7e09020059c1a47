import { describe, expect, test } from 'vitest';
import { checkName, type Names } from './name.ts';

const namespace = 'shop.servicebus.windows.net';

function names(addresses: readonly string[] | string, aliases: readonly string[] = []): Names {
  return {
    addresses: () =>
      typeof addresses === 'string'
        ? Promise.reject(Object.assign(new Error(), { code: addresses }))
        : Promise.resolve(addresses),
    aliases: () => Promise.resolve(aliases),
  };
}

describe('a name', () => {
  test('resolves to its addresses', async () => {
    expect(await checkName('db1', names(['10.0.0.7', 'fd00::7']))).toEqual({
      outcome: 'passed',
      check: 'network.resolve',
      subject: 'db1',
      message: 'db1 resolves to 10.0.0.7, fd00::7',
    });
  });

  test('is none where there is an address', async () => {
    expect(await checkName('10.0.0.7', names('ENOTFOUND'))).toMatchObject({ outcome: 'passed' });
  });

  test('that does not exist fails', async () => {
    expect(await checkName('db1', names('ENOTFOUND'))).toEqual({
      outcome: 'failed',
      check: 'network.resolve',
      subject: 'db1',
      message: 'the name db1 does not exist here (ENOTFOUND)',
      remedy: {
        kind: 'advice',
        text: 'check the spelling of db1, and that the DNS servers of this machine or pod know it',
      },
    });
  });

  test('of Azure that does not exist may be in a private DNS zone', async () => {
    expect(await checkName(namespace, names('ENOTFOUND'))).toMatchObject({
      remedy: {
        text: `check the spelling of ${namespace}; with a private endpoint, link the private DNS zone privatelink.servicebus.windows.net to the virtual network of this machine`,
      },
    });
  });

  test('fails when no name service answers', async () => {
    expect(await checkName('db1', names('EAI_AGAIN'))).toMatchObject({
      outcome: 'failed',
      message: 'DNS does not answer for db1 (EAI_AGAIN)',
      remedy: { text: 'check the DNS servers of this machine or pod, and that port 53 is open to them' },
    });
  });

  const privateEndpoint = ['shop.privatelink.servicebus.windows.net'];

  test('with a private endpoint and a public address is a warning', async () => {
    expect(await checkName(namespace, names(['20.42.1.1'], privateEndpoint))).toMatchObject({
      outcome: 'warned',
      message: `${namespace} has a private endpoint, but resolves to its public address 20.42.1.1 here`,
    });
  });

  test.each([
    ['a private address', names(['10.1.0.4'], privateEndpoint)],
    ['no private endpoint', names(['20.42.1.1'], ['ns-sb2-eu-1.servicebus.windows.net'])],
  ])('of Azure with %s is as it has to be', async (_, there) => {
    expect(await checkName(namespace, there)).toMatchObject({ outcome: 'passed' });
  });
});

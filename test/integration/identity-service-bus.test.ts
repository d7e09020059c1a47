/** Topic and subscription of a namespace, with a token of Microsoft Entra ID over TLS. */
import { DStreamError } from '@dstream/core';
import { systemClock } from '@dstream/async';
import { ServiceBusTopic, type ServiceBusAddress } from '@dstream/service-bus';
import { ServiceBusSubscription } from '@dstream/service-bus-queue';
import { expect, onTestFinished, test } from 'vitest';
import { Post } from '../support/broker.ts';
import { Consumer } from '../support/consumer.ts';
import { FakeCredential } from '../support/fake-credential.ts';
import { openStandInBroker } from '../support/service-bus-broker.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';
import { trustedCertificate } from '../support/trusted-certificate.ts';

const never = new AbortController().signal;
/** As the client library writes it (core-amqp, `aadServiceBusScope`): the second slash belongs to the resource. */
const scope = 'https://servicebus.azure.net//.default';

interface Namespace {
  readonly front: TlsFront;
  readonly address: ServiceBusAddress;
}

/** A namespace is reached on port 5671 unless its name has another one, which the client library takes too. */
async function namespaceFor(credential: FakeCredential): Promise<Namespace> {
  const broker = await openStandInBroker();
  onTestFinished(() => broker[Symbol.asyncDispose]());
  const front = await startTlsFront(broker.standIn.port, await trustedCertificate());
  onTestFinished(() => front[Symbol.asyncDispose]());
  return { front, address: { namespace: `localhost:${front.port}`, credential } };
}

test('what is sent with a token is received with a token', { timeout: 20_000 }, async () => {
  const credential = new FakeCredential();
  const { front, address } = await namespaceFor(credential);
  await using topic = new ServiceBusTopic({ address, topic: 'changes', clock: systemClock });
  await using subscription = new ServiceBusSubscription({
    address,
    topic: 'changes',
    subscription: 'dstream',
    sessions: true,
    maxSessions: 1,
    clock: systemClock,
  });
  const post = new Post();
  await using consumer = new Consumer(subscription, post);
  await topic.connect({ signal: never });
  await topic.send([post.message('s', 1)], { signal: never });
  const delivery = await consumer.next();
  await delivery.complete();

  expect(new Set(credential.scopes)).toEqual(new Set([scope]));
  expect(credential.tokens.map((token) => front.hasHeard(token))).toEqual(credential.tokens.map(() => true));
  expect(credential.tokens.length).toBeGreaterThanOrEqual(2);
});

test.each(['Unauthorized', 'Unreachable'] as const)(
  'a credential that fails with %s keeps its code and its words',
  async (code) => {
    const credential = new FakeCredential();
    credential.failure = new DStreamError(code, 'cannot sign in to Microsoft Entra ID');
    const { address } = await namespaceFor(credential);
    await using topic = new ServiceBusTopic({ address, topic: 'changes', clock: systemClock });
    await expect(topic.connect({ signal: never })).rejects.toMatchObject({
      code,
      message: 'cannot sign in to Microsoft Entra ID',
    });
  },
);

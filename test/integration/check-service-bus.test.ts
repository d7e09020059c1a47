/** `dstream check` of topic, subscription and output of Service Bus, with the real client against the stand-in. */
import { systemClock } from '@dstream/async';
import { DStreamError } from '@dstream/core';
import { checkTopic, readSettings, ServiceBusTopic } from '@dstream/service-bus';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  checkSubscription,
  type SubscriptionCheckOptions,
} from '../../libs/queues/service-bus/src/check-subscription.ts';
import { checkServiceBusOutput } from '../../libs/outputs/src/service-bus/check-service-bus.ts';
import {
  startServiceBus,
  type ServiceBusStandIn,
} from '../stand-ins/amqp/src/service-bus/service-bus-server.ts';
import { linesOf } from '../support/check-lines.ts';
import { FakeCredential } from '../support/fake-credential.ts';
import { openMuteServer } from '../support/mute-server.ts';
import { startTlsFront } from '../support/tls-front.ts';
import { trustedCertificate } from '../support/trusted-certificate.ts';

const clock = systemClock;
const never = { signal: new AbortController().signal };
const principal = '22222222-2222-2222-2222-222222222222';

const entities = {
  UserConfig: {
    Namespaces: [
      {
        Topics: [
          {
            Name: 'changes',
            Subscriptions: [
              {
                Name: 'dstream',
                Properties: { RequiresSession: true, LockDuration: 'PT1M', MaxDeliveryCount: 1000 },
              },
              {
                Name: 'short',
                Properties: { RequiresSession: true, LockDuration: 'PT20S', MaxDeliveryCount: 1000 },
              },
              { Name: 'plain', Properties: { MaxDeliveryCount: 1000 } },
            ],
          },
        ],
      },
    ],
  },
};

async function standIn(): Promise<ServiceBusStandIn> {
  const broker = await startServiceBus({ entities });
  onTestFinished(() => broker.close());
  return broker;
}

const group = `  GROUP=$(az servicebus namespace list --query "[?name=='localhost'].resourceGroup" -o tsv)`;
const within = '-g "$GROUP" --namespace-name localhost';
const keyLines = (claim: string) => [
  group,
  `  # its rights must hold ${claim}, and its connection string must be the one that is configured`,
  `  az servicebus namespace authorization-rule show -n RootManageSharedAccessKey --query rights -o tsv ${within}`,
  `  az servicebus namespace authorization-rule keys list -n RootManageSharedAccessKey --query primaryConnectionString -o tsv ${within}`,
];
const createLine = (name: string, sessions = true) =>
  `  az servicebus topic subscription create --topic-name changes -n ${name} --enable-session ${sessions} --lock-duration PT1M --max-delivery-count 1000 --enable-dead-lettering-on-message-expiration true ${within}`;

const withWrongKey = (connectionString: string) =>
  connectionString.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=d3Jvbmc=');

describe('the topic', () => {
  const check = (connectionString: string, topic = 'changes', packMaxBytes = 131_072) =>
    linesOf(checkTopic({ address: { connectionString }, topic, packMaxBytes, clock }, never));

  test('that is as it has to be', async () => {
    const broker = await standIn();
    expect(await check(broker.connectionString)).toEqual([
      'passed servicebus.exists: topic changes exists',
      'passed servicebus.send: this login may send to topic changes, messages of up to 256 KB',
      'passed servicebus.message-size: pack_max_bytes is 131072; topic changes takes messages of up to 262144 bytes',
      'passed servicebus.settings: topic changes is active, 0 % full; its messages never expire',
    ]);
    expect(broker.counters()).toMatchObject({ sends: 0, openLinks: 0 });
  });

  test('that does not exist', async () => {
    const { connectionString } = await standIn();
    expect(await check(connectionString, 'absent')).toEqual([
      'failed servicebus.exists: topic absent does not exist in namespace localhost, or is disabled',
      group,
      `  az servicebus topic create -n absent ${within}`,
    ]);
  });

  test('that refuses the key, which is not shown', async () => {
    const { connectionString } = await standIn();
    expect(await check(withWrongKey(connectionString))).toEqual([
      'failed servicebus.send: the key RootManageSharedAccessKey is refused at topic changes: it is wrong, or has no right to Send',
      ...keyLines('Send'),
    ]);
  });

  test('that takes smaller messages than the ingester packs', async () => {
    const { connectionString } = await standIn();
    expect(await check(connectionString, 'changes', 262_144)).toEqual(
      expect.arrayContaining([
        'warned servicebus.message-size: pack_max_bytes is 262144; topic changes takes messages of up to 262144 bytes: full messages are refused and sent again in parts',
        '  write pack_max_bytes = 260096 or less in ingester.topic',
      ]),
    );
  });

  test('whose settings this login cannot read', async () => {
    const broker = await standIn();
    broker.refuseManagement(true);
    expect((await check(broker.connectionString)).slice(3)).toEqual([
      'warned servicebus.settings: settings of topic changes cannot be read: this login has no right to Manage, which it does not need otherwise',
      group,
      '  # expected: status Active, timeToLive longer than an outage, autoDelete P10675199D…, subscriptions at least 1',
      `  az servicebus topic show -n changes --query "{status:status,timeToLive:defaultMessageTimeToLive,autoDelete:autoDeleteOnIdle,subscriptions:subscriptionCount,bytes:sizeInBytes,maxMegabytes:maxSizeInMegabytes}" ${within}`,
    ]);
  });

  test('settings that do not come over HTTPS are not known, and the key is not shown', async () => {
    const broker = await startServiceBus({ entities });
    await broker.close();
    const read = await readSettings(broker, clock, never, (client, o) => client.getTopic('changes', o));
    expect(read).toEqual({ why: 'no usable answer over HTTPS (ECONNREFUSED)' });
  });

  test('of a namespace that is not reached is not looked at', async () => {
    const broker = await startServiceBus({ entities });
    await broker.close();
    expect(await check(broker.connectionString)).toEqual([]);
  });

  test('ends on an abort although the broker is silent', { timeout: 20_000 }, async () => {
    await using silent = await openMuteServer();
    const connectionString = `Endpoint=sb://localhost:${silent.port};SharedAccessKeyName=a;SharedAccessKey=Yg==;UseDevelopmentEmulator=true`;
    const stop = new AbortController();
    const checks = checkTopic({ address: { connectionString }, topic: 'changes', clock }, stop)[
      Symbol.asyncIterator
    ]();
    await checks.next();
    await checks.next();
    const opening = checks.next();
    stop.abort(new Error('stopped'));
    await expect(opening).rejects.toThrow('stopped');
  });
});

describe('an identity', () => {
  async function namespace(credential: FakeCredential) {
    const broker = await standIn();
    const front = await startTlsFront(broker.port, await trustedCertificate());
    onTestFinished(() => front[Symbol.asyncDispose]());
    return { namespace: `localhost:${front.port}`, credential };
  }

  test('signs in', async () => {
    const credential = new FakeCredential();
    const address = await namespace(credential);
    expect(await linesOf(checkTopic({ address, topic: 'changes', clock }, never))).toEqual([
      `passed identity.sign-in: signed in to Microsoft Entra ID; the object id of the identity is ${principal}`,
      'passed servicebus.exists: topic changes exists',
      'passed servicebus.send: this login may send to topic changes, messages of up to 256 KB',
      'passed servicebus.settings: topic changes is active, 0 % full; its messages never expire',
    ]);
    expect(new Set(credential.scopes)).toEqual(new Set(['https://servicebus.azure.net//.default']));
  });

  test('that nobody gave', async () => {
    const credential = new FakeCredential();
    credential.failure = new DStreamError(
      'ConfigInvalid',
      'cannot sign in to Microsoft Entra ID: no identity',
    );
    const address = await namespace(credential);
    expect(await linesOf(checkTopic({ address, topic: 'changes', clock }, never))).toEqual([
      'failed identity.sign-in: cannot sign in to Microsoft Entra ID: no identity',
      '  give this process an identity: workload identity or a managed identity in Azure, "az login" on your own machine; AZURE_CLIENT_ID selects one of several',
    ]);
  });
});

describe('the subscription', () => {
  const check = (connectionString: string, wish: Partial<SubscriptionCheckOptions> = {}) =>
    linesOf(
      checkSubscription(
        {
          address: { connectionString },
          topic: 'changes',
          subscription: 'dstream',
          sessions: true,
          lockDurationMs: 60_000,
          clock,
          ...wish,
        },
        never,
      ),
    );
  const exists = (name: string) => [
    `passed servicebus.exists: subscription ${name} of topic changes exists`,
    `passed servicebus.listen: this login may receive from subscription ${name} of topic changes`,
  ];

  const settings = (name: string) =>
    `passed servicebus.settings: subscription ${name} of topic changes is active, delivers up to 1000 times, and filters nothing`;

  test('with sessions, as configured, keeps no trace of the check', async () => {
    const broker = await standIn();
    await using topic = new ServiceBusTopic({ address: broker, topic: 'changes', clock });
    const message = { messageId: '1', sessionId: 's', subject: 't', contentType: 'text/plain' };
    await topic.send([{ ...message, body: Buffer.from('x'), bodyBytes: 1, properties: {} }], never);
    expect(await check(broker.connectionString)).toEqual([
      ...exists('dstream'),
      'passed servicebus.sessions: subscription dstream of topic changes has sessions, as configured',
      'passed servicebus.lock-duration: sessions of subscription dstream of topic changes are locked for about 60 s; lock_duration is 60 s',
      settings('dstream'),
    ]);
    expect(broker.counters()).toMatchObject({ sessionsLocked: 0, deliveriesOut: 0 });
    expect(broker.messages('changes/Subscriptions/dstream')).toMatchObject([
      { deliveryCount: 0, locked: false },
    ]);
  });

  test('without sessions, as configured', async () => {
    const { connectionString } = await standIn();
    expect(await check(connectionString, { subscription: 'plain', sessions: false })).toEqual([
      ...exists('plain'),
      'passed servicebus.sessions: subscription plain of topic changes has no sessions, as configured',
      settings('plain'),
    ]);
  });

  test('without sessions, which are configured', async () => {
    const { connectionString } = await standIn();
    expect(await check(connectionString, { subscription: 'plain' })).toEqual([
      ...exists('plain'),
      'failed servicebus.sessions: subscription plain of topic changes has no sessions, and sessions = true is configured',
      group,
      '  # write sessions = false in processor.source; or delete it, with all messages that are in it, and create it anew:',
      `  # az servicebus topic subscription delete --topic-name changes -n plain ${within}`,
      createLine('plain').replace('az ', '# az '),
      settings('plain'),
    ]);
  });

  test('with sessions, which are not configured', async () => {
    const { connectionString } = await standIn();
    expect(await check(connectionString, { sessions: false })).toEqual([
      ...exists('dstream'),
      'failed servicebus.sessions: subscription dstream of topic changes has sessions, and sessions = false is configured',
      group,
      '  # write sessions = true in processor.source; or delete it, with all messages that are in it, and create it anew:',
      `  # az servicebus topic subscription delete --topic-name changes -n dstream ${within}`,
      createLine('dstream', false).replace('az ', '# az '),
      settings('dstream'),
    ]);
  });

  test('whose locks end before those that are configured', async () => {
    const { connectionString } = await standIn();
    expect(await check(connectionString, { subscription: 'short' })).toEqual([
      ...exists('short'),
      'passed servicebus.sessions: subscription short of topic changes has sessions, as configured',
      'failed servicebus.lock-duration: sessions of subscription short of topic changes are locked for about 20 s; lock_duration is 60 s: locks end while they are relied on',
      group,
      `  az servicebus topic subscription update --topic-name changes -n short --lock-duration PT60S ${within}`,
      '  # or write lock_duration = "20s" in processor.source',
      settings('short'),
    ]);
  });

  test('whose settings this login cannot read', async () => {
    const broker = await standIn();
    broker.refuseManagement(true);
    expect((await check(broker.connectionString)).slice(4)).toEqual([
      'warned servicebus.settings: settings of subscription dstream of topic changes cannot be read: this login has no right to Manage, which it does not need otherwise',
      group,
      '  # expected: status Active, deliveries 1000 or more, lock at least PT60S, timeToLive longer than an outage,',
      '  # deadLettering true, autoDelete P10675199D…, forwardTo null',
      `  az servicebus topic subscription show --topic-name changes -n dstream --query "{status:status,deliveries:maxDeliveryCount,lock:lockDuration,timeToLive:defaultMessageTimeToLive,deadLettering:deadLetteringOnMessageExpiration,autoDelete:autoDeleteOnIdle,forwardTo:forwardTo}" ${within}`,
    ]);
  });

  test('that does not exist', async () => {
    const { connectionString } = await standIn();
    expect(await check(connectionString, { subscription: 'absent' })).toEqual([
      'failed servicebus.exists: subscription absent of topic changes does not exist in namespace localhost, or is disabled',
      group,
      createLine('absent'),
    ]);
  });

  test('that refuses the key', async () => {
    const { connectionString } = await standIn();
    expect(await check(withWrongKey(connectionString))).toEqual([
      'failed servicebus.listen: the key RootManageSharedAccessKey is refused at subscription dstream of topic changes: it is wrong, or has no right to Listen',
      ...keyLines('Listen'),
    ]);
  });
});

describe('the output', () => {
  const check = (connectionString: string, name: string) =>
    linesOf(checkServiceBusOutput({ address: { connectionString }, name, clock }, never));

  test('with one destination', async () => {
    const { connectionString } = await standIn();
    expect(await check(connectionString, 'changes')).toEqual([
      'passed servicebus.exists: queue or topic changes exists',
      'passed servicebus.send: this login may send to queue or topic changes, messages of up to 256 KB',
    ]);
  });

  test('whose destination does not exist', async () => {
    const { connectionString } = await standIn();
    expect(await check(connectionString, 'absent')).toEqual([
      'failed servicebus.exists: queue or topic absent does not exist in namespace localhost, or is disabled',
      group,
      '  # one of the two',
      `  az servicebus topic create -n absent ${within}`,
      `  az servicebus queue create -n absent ${within}`,
    ]);
  });

  test('with a destination for each table: the login is looked at', async () => {
    const { connectionString } = await standIn();
    const name = '{{ table }}.events';
    expect(await check(connectionString, name)).toEqual([
      'passed servicebus.send: namespace localhost accepts this login; destinations are named "{{ table }}.events", and each is looked up with its first change',
    ]);
    expect(await check(withWrongKey(connectionString), name)).toEqual([
      'failed servicebus.send: the key RootManageSharedAccessKey is refused at queue or topic dstream-check: it is wrong, or has no right to Send',
      ...keyLines('Send'),
    ]);
  });
});

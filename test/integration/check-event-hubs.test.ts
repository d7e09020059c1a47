/** `dstream check` of an output of Event Hubs, with the real client against the stand-in. */
import { systemClock } from '@dstream/async';
import { expect, onTestFinished, test } from 'vitest';
import { checkEventHubs } from '../../libs/outputs/src/event-hubs/check-event-hubs.ts';
import { startEventHubs } from '../stand-ins/amqp/src/event-hubs/event-hubs-server.ts';
import { linesOf } from '../support/check-lines.ts';
import { hubEntities as entities } from '../support/event-hubs-rig.ts';
import { openMuteServer } from '../support/mute-server.ts';

const never = new AbortController().signal;
const within = '-g "$GROUP" --namespace-name localhost';
const group = `  GROUP=$(az eventhubs namespace list --query "[?name=='localhost'].resourceGroup" -o tsv)`;

async function standIn() {
  const hubs = await startEventHubs({ entities });
  onTestFinished(() => hubs.close());
  return hubs;
}

const checks = (connectionString: string, name: string, signal = never) =>
  checkEventHubs({ address: { connectionString }, name, clock: systemClock }, { signal });
const check = (connectionString: string, name: string) => linesOf(checks(connectionString, name));

const wrongKey = (connectionString: string) =>
  connectionString.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=d3Jvbmc=');
const refusedAt = (hub: string) => [
  `failed eventhubs.send: the key RootManageSharedAccessKey is refused at event hub ${hub}: it is wrong, or has no right to Send`,
  group,
  '  # its rights must hold Send, and its connection string must be the one that is configured',
  `  az eventhubs namespace authorization-rule show -n RootManageSharedAccessKey --query rights -o tsv ${within}`,
  `  az eventhubs namespace authorization-rule keys list -n RootManageSharedAccessKey --query primaryConnectionString -o tsv ${within}`,
];

test('one hub is looked at; nothing is sent', async () => {
  const hubs = await standIn();
  expect(await check(hubs.connectionString, 'changes')).toEqual([
    'passed eventhubs.exists: event hub changes has 4 partitions',
    'passed eventhubs.send: this login may send to event hub changes, events of up to 1024 KB',
  ]);
  expect(hubs.counters()).toMatchObject({ sends: 0, eventsIn: 0 });
});

test('a hub that does not exist', async () => {
  const { connectionString } = await standIn();
  expect(await check(connectionString, 'absent')).toEqual([
    'failed eventhubs.exists: event hub absent does not exist in namespace localhost, or is disabled',
    group,
    `  az eventhubs eventhub create -n absent --partition-count 4 ${within}`,
  ]);
});

test('a key that is refused, which is not shown', async () => {
  const { connectionString } = await standIn();
  expect(await check(wrongKey(connectionString), 'changes')).toEqual(refusedAt('changes'));
});

test('with a hub for each table the login is looked at', async () => {
  const { connectionString } = await standIn();
  expect(await check(connectionString, '{{ table }}')).toEqual([
    'passed eventhubs.send: namespace localhost accepts this login; destinations are named "{{ table }}", and each is looked up with its first change',
  ]);
  expect(await check(wrongKey(connectionString), '{{ table }}')).toEqual(refusedAt('dstream-check'));
});

test('an abort ends it although the namespace is silent', { timeout: 20_000 }, async () => {
  await using silent = await openMuteServer();
  const text = `Endpoint=sb://localhost:${silent.port};SharedAccessKeyName=a;SharedAccessKey=Yg==;UseDevelopmentEmulator=true`;
  const stop = new AbortController();
  const running = checks(text, 'changes', stop.signal)[Symbol.asyncIterator]();
  await running.next();
  await running.next();
  const opening = running.next();
  stop.abort(new Error('stopped'));
  await expect(opening).rejects.toThrow('stopped');
});

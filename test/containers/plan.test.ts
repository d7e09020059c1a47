import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { planFor, planLines, servicesOf } from './plan.ts';

test('every image can be named by its variable, and the licences are accepted by nobody but the user', () => {
  const usual = planFor({});
  const env = Object.fromEntries(servicesOf(usual).map(({ variable }, n) => [variable, `mirror/${n}:1`]));
  const changed = planFor({ ...env, DSTREAM_TEST_ACCEPT_EULA: 'Y' });
  expect(servicesOf(changed).map(({ image }) => image)).toEqual(
    ['0', '1', '2', '3', '4'].map((n) => `mirror/${n}:1`),
  );
  expect([usual.licencesAccepted, changed.licencesAccepted]).toEqual([false, true]);
  expect(planFor({ DSTREAM_TEST_SQL_IMAGE: '' }).sqlServer).toEqual(usual.sqlServer);
});

test('a dry run names every image and what is missing', () => {
  const lines = planLines(planFor({})).join('\n');
  for (const { image } of servicesOf(planFor({}))) expect(lines).toContain(image);
  expect(lines).toContain('set DSTREAM_TEST_ACCEPT_EULA=Y when you accept');
  expect(planLines(planFor({ DSTREAM_TEST_ACCEPT_EULA: 'Y' })).join('\n')).not.toContain('set DSTREAM_TEST');
});

async function read(name: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(name, import.meta.url), 'utf8'));
}

/** Limits of `Config-schema.json` in the installers' repositories of both emulators. */
describe('the entities', () => {
  test('are what the Service Bus emulator allows', async () => {
    const subscription = (name: string, RequiresSession: boolean) => ({
      Name: name,
      Properties: {
        DeadLetteringOnMessageExpiration: false,
        DefaultMessageTimeToLive: 'PT1H', // from PT5M to PT1H
        LockDuration: 'PT1M', // from PT1M to PT5M
        MaxDeliveryCount: 10, // at most
        ForwardDeadLetteredMessagesTo: '',
        ForwardTo: '',
        RequiresSession,
      },
    });
    const topic = (name: string, ...Subscriptions: readonly unknown[]) => ({
      Name: name,
      Properties: {
        DefaultMessageTimeToLive: 'PT1H',
        DuplicateDetectionHistoryTimeWindow: 'PT20S', // from PT5S to PT5M
        RequiresDuplicateDetection: false,
      },
      Subscriptions,
    });
    expect(await read('service-bus.json')).toEqual({
      UserConfig: {
        Namespaces: [
          {
            Name: 'sbemulatorns', // the only one
            Queues: [],
            Topics: [
              topic('dstream-test', subscription('dstream', true), subscription('plain', false)),
              topic('dstream-test-pipeline', subscription('dstream', true)),
            ],
          },
        ],
        Logging: { Type: 'File' },
      },
    });
  });

  test('are what the Event Hubs emulator allows', async () => {
    expect(await read('event-hubs.json')).toEqual({
      UserConfig: {
        NamespaceConfig: [
          {
            Type: 'EventHub',
            Name: 'emulatorNs1', // the only one
            Entities: [
              {
                Name: 'dstream-test',
                PartitionCount: '4', // a string, at most 32
                ConsumerGroups: [{ Name: 'dstream' }], // $default is there by itself and may not be listed
              },
            ],
          },
        ],
        LoggingConfig: { Type: 'Console' },
      },
    });
  });
});

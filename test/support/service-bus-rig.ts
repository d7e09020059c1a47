/** A Service Bus stand-in with one entity for each kind of rule, and a client of it, for every test of a file. */
import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Entities } from '../stand-ins/amqp/src/service-bus/broker/entity-settings.ts';
import {
  startServiceBus,
  type ServiceBusStandIn,
} from '../stand-ins/amqp/src/service-bus/service-bus-server.ts';

export const retryOptions = { maxRetries: 0, timeoutInMs: 3000 };
/** How long the entities whose name says `short` lock. */
export const lockMs = 2000;

/** One entity for each kind of rule. */
const entities: Entities = {
  UserConfig: {
    Namespaces: [
      {
        Queues: [
          { Name: 'plain' },
          { Name: 'short', Properties: { LockDuration: `PT${lockMs / 1000}S`, MaxDeliveryCount: 2 } },
          { Name: 'unique', Properties: { RequiresDuplicateDetection: true } },
          { Name: 'small', Properties: { MaxMessageSize: 4096 } },
          { Name: 'expiring', Properties: { DeadLetteringOnMessageExpiration: true } },
          { Name: 'sessions', Properties: { RequiresSession: true } },
          {
            Name: 'short-sessions',
            Properties: { RequiresSession: true, LockDuration: `PT${lockMs / 1000}S` },
          },
        ],
        Topics: [
          {
            Name: 'ingest',
            Subscriptions: [{ Name: 'dstream', Properties: { RequiresSession: true } }, { Name: 'audit' }],
          },
          { Name: 'nobody' },
        ],
      },
    ],
  },
};

export interface ServiceBusRig {
  readonly bus: ServiceBusStandIn;
  readonly client: ServiceBusClient;
}

/** Call it where a file begins. A test fails when the stand-in reports an error. */
export function serviceBusRig(): ServiceBusRig {
  const errors: unknown[] = [];
  const rig = {} as { bus: ServiceBusStandIn; client: ServiceBusClient };
  beforeEach(async () => {
    errors.length = 0;
    rig.bus = await startServiceBus({ entities, onError: (error) => errors.push(error) });
    rig.client = new ServiceBusClient(rig.bus.connectionString, { retryOptions });
  });
  afterEach(async () => {
    await rig.client.close();
    await rig.bus.close();
    if (errors.length > 0) throw new AggregateError(errors, 'the stand-in reported errors');
  });
  return rig;
}

export const bodies = (messages: readonly ServiceBusReceivedMessage[]): unknown[] =>
  messages.map(({ body }) => body);

export function only<T>(list: readonly T[]): T {
  expect(list).toHaveLength(1);
  return list[0] as T;
}

export const noRenewal = { maxAutoLockRenewalDurationInMs: 0 };

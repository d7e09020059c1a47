/** All stand-ins in this process: SQL Server, Service Bus, Event Hubs, blob storage and the address of their faults. */
import { startBlobs } from '@dstream/stand-in-blobs';
import { createControlledEngine } from './controlled-engine.ts';
import { busEntitiesOf, hubEntitiesOf, type Entities } from '@dstream/stand-in-amqp';
import { startEventHubs, type EventHubsStandIn } from '@dstream/stand-in-amqp';
import { BlobControls } from '@dstream/stand-in-faults';
import { CounterBoard, type StandInCounters } from '@dstream/stand-in-faults';
import type { FaultTargets } from '@dstream/stand-in-faults';
import { startFaultsServer } from '@dstream/stand-in-faults';
import type { LocalCertificate } from '@dstream/stand-in-certificate';
import { onPort } from './port-in-use.ts';
import { startServiceBus, type ServiceBusStandIn } from '@dstream/stand-in-amqp';
import { standInsEnv, type StandInsEnv } from './stand-ins-env.ts';
import { startSqlServer, type SqlServerStandIn } from './start-sql-server.ts';

export interface StandInsOptions {
  /** Free ports where they are not given. */
  readonly sqlPort?: number | undefined;
  readonly serviceBusPort?: number | undefined;
  readonly eventHubsPort?: number | undefined;
  readonly blobPort?: number | undefined;
  readonly faultsPort?: number | undefined;
  /** The Config.json of one emulator or of both, parsed: then an undeclared entity of that side is refused. */
  readonly entities?: Entities | undefined;
  /** Of Service Bus and Event Hubs over TLS. Without it each makes one when the first client asks for TLS. */
  readonly certificate?: LocalCertificate | undefined;
  /** What goes wrong inside a stand-in. Written to stderr without it. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface StandIns extends AsyncDisposable {
  readonly env: StandInsEnv;
  /** Address of the faults: `http://127.0.0.1:PORT`. */
  readonly faults: string;
  readonly sql: SqlServerStandIn;
  readonly serviceBus: ServiceBusStandIn;
  readonly eventHubs: EventHubsStandIn;
  readonly blobs: BlobControls;
  counters(): StandInCounters;
  /** Ends every fault and sets the counters to zero. */
  reset(): void;
  /** Cuts every connection and frees the ports. Closing twice is harmless. */
  close(): Promise<void>;
}

/**
 * Resolves when all of them can be connected to. Rejects with PortInUse when a port that was asked for is taken, and
 * with an Error that names the place when `entities` are wrong; nothing is left running then.
 */
export async function startStandIns(options: StandInsOptions = {}): Promise<StandIns> {
  const { certificate } = options;
  const onError = options.onError ?? ((error) => console.error('stand-ins:', error));
  await using starting = new AsyncDisposableStack();
  const serviceBus = await onPort('Service Bus', options.serviceBusPort ?? 0, (port) =>
    startServiceBus({ port, certificate, onError, ...entitiesOf(busEntitiesOf(options.entities)) }),
  );
  starting.defer(() => serviceBus.close());
  const eventHubs = await onPort('Event Hubs', options.eventHubsPort ?? 0, (port) =>
    startEventHubs({ port, certificate, onError, ...entitiesOf(hubEntitiesOf(options.entities)) }),
  );
  starting.defer(() => eventHubs.close());
  const sql = await onPort('SQL Server', options.sqlPort ?? 0, (port) =>
    startSqlServer({ port, engine: createControlledEngine(), onError }),
  );
  starting.defer(() => sql.close());
  const storage = starting.use(
    await onPort('blob storage', options.blobPort ?? 0, (port) => startBlobs({ port })),
  );
  const blobs = new BlobControls(storage);
  starting.defer(() => blobs.clear());
  const counters = new CounterBoard({ sql, serviceBus, eventHubs, blobs: storage });
  const targets = { sql, serviceBus, eventHubs, blobs };
  const reset = (): void => resetAll(targets, counters);
  const faults = await onPort('faults', options.faultsPort ?? 0, (port) =>
    startFaultsServer({ port, targets, counters, reset, onError }),
  );
  starting.defer(() => faults.close());
  const running = starting.move();
  const close = (): Promise<void> => running.disposeAsync();
  return {
    env: standInsEnv({
      sqlPort: sql.port,
      serviceBus: serviceBus.connectionString,
      eventHubs: eventHubs.connectionString,
      blobs: storage.connectionString,
    }),
    faults: faults.url,
    sql,
    serviceBus,
    eventHubs,
    blobs,
    counters: () => counters.read(),
    reset,
    close,
    [Symbol.asyncDispose]: close,
  };
}

const entitiesOf = <E>(entities: E | undefined) => (entities === undefined ? {} : { entities });

function resetAll({ sql, serviceBus, eventHubs, blobs }: FaultTargets, counters: CounterBoard): void {
  sql.clear();
  serviceBus.clear();
  eventHubs.clear();
  blobs.clear();
  counters.reset();
}

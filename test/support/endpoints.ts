/**
 * Where the suites find their services. Without variables they start stand-ins; with them they run against what the
 * variables name. The one place that reads `DSTREAM_TEST_*`.
 */

/** A topic with two subscriptions of its own for the tests: nobody else reads or writes it. */
export interface ServiceBusEndpoint {
  readonly connectionString: string;
  readonly topic: string;
  /** With sessions, a lock duration of one minute and a high MaxDeliveryCount. */
  readonly sessionSubscription: string;
  /** Without sessions, otherwise the same. */
  readonly plainSubscription: string;
}

/** Undefined when `DSTREAM_TEST_SERVICE_BUS_CONNECTION_STRING` is not set. */
export function realServiceBus(): ServiceBusEndpoint | undefined {
  const connectionString = variable('SERVICE_BUS_CONNECTION_STRING');
  if (connectionString === undefined) return undefined;
  return {
    connectionString,
    topic: variable('SERVICE_BUS_TOPIC') ?? 'dstream-test',
    sessionSubscription: variable('SERVICE_BUS_SUBSCRIPTION') ?? 'dstream',
    plainSubscription: variable('SERVICE_BUS_PLAIN_SUBSCRIPTION') ?? 'plain',
  };
}

/** A storage account for the tests, which make and remove containers of their own in it. */
export interface BlobsEndpoint {
  readonly connectionString: string;
}

/** Undefined when `DSTREAM_TEST_BLOB_CONNECTION_STRING` is not set. */
export function realBlobs(): BlobsEndpoint | undefined {
  const connectionString = variable('BLOB_CONNECTION_STRING');
  return connectionString === undefined ? undefined : { connectionString };
}

/** A server whose login may create databases, in the form `Server=…;Database=…`; every test makes one of its own. */
export interface SqlServerEndpoint {
  readonly connectionString: string;
}

/** Undefined when `DSTREAM_TEST_SQL_CONNECTION_STRING` is not set. */
export function realSqlServer(): SqlServerEndpoint | undefined {
  const connectionString = variable('SQL_CONNECTION_STRING');
  return connectionString === undefined ? undefined : { connectionString };
}

/** A hub for the tests: what others left in it is passed over. */
export interface EventHubsEndpoint {
  readonly connectionString: string;
  readonly hub: string;
  readonly consumerGroup: string;
}

/** Undefined when `DSTREAM_TEST_EVENT_HUBS_CONNECTION_STRING` is not set. */
export function realEventHubs(): EventHubsEndpoint | undefined {
  const connectionString = variable('EVENT_HUBS_CONNECTION_STRING');
  if (connectionString === undefined) return undefined;
  return {
    connectionString,
    hub: variable('EVENT_HUBS_HUB') ?? 'dstream-test',
    consumerGroup: variable('EVENT_HUBS_CONSUMER_GROUP') ?? 'dstream',
  };
}

/** A topic with one subscription with sessions: another than that of the contract suites, which fills slowly. */
export interface PipelineEndpoint {
  readonly connectionString: string;
  readonly topic: string;
  readonly subscription: string;
}

/** All that the pipeline needs. */
export interface RealServices {
  readonly serviceBus: PipelineEndpoint;
  readonly blobs: BlobsEndpoint;
  readonly sqlServer: SqlServerEndpoint;
}

/** Undefined unless all of them are there: the end-to-end suites run on real services together, or on none. */
export function realServices(): RealServices | undefined {
  const connectionString = variable('SERVICE_BUS_CONNECTION_STRING');
  const [blobs, sqlServer] = [realBlobs(), realSqlServer()];
  if (connectionString === undefined || blobs === undefined || sqlServer === undefined) return undefined;
  const topic = variable('PIPELINE_TOPIC') ?? 'dstream-test-pipeline';
  const subscription = variable('PIPELINE_SUBSCRIPTION') ?? 'dstream';
  return { serviceBus: { connectionString, topic, subscription }, blobs, sqlServer };
}

/** Rows of the transaction that is larger than what an ingester may hold: `DSTREAM_TEST_TRANSACTION_ROWS`, up to a million. */
export function transactionRows(): number {
  return Number(variable('TRANSACTION_ROWS') ?? 100_000);
}

/** How long the ledger is kept under random faults, seconds: `DSTREAM_TEST_LEDGER_SECONDS`; 0 for not at all. */
export function ledgerSeconds(): number {
  return Number(variable('LEDGER_SECONDS') ?? 0);
}

function variable(name: string): string | undefined {
  const value = process.env[`DSTREAM_TEST_${name}`];
  return value === '' ? undefined : value;
}

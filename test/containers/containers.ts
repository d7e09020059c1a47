/**
 * The services as containers: SQL Server, both emulators, Azurite. Needs a container runtime, and what the
 * `package.json` of this folder names: `load-containers.ts` is the only one that may load this file.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AzureServiceBusContainer } from '@testcontainers/azureservicebus';
import { AzuriteContainer } from '@testcontainers/azurite';
import { MSSQLServerContainer } from '@testcontainers/mssqlserver';
import {
  GenericContainer,
  getContainerRuntimeClient,
  Network,
  Wait,
  type StartedNetwork,
} from 'testcontainers';
import type { Plan } from './plan.ts';
import type { RunningServices } from './running-services.ts';

const startupMs = 300_000;

/** Undefined, or why there is no container runtime. */
export async function whyNoRuntime(): Promise<string | undefined> {
  try {
    await getContainerRuntimeClient();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

type Env = Readonly<Record<string, string>>;

/** Starts all of them side by side. Rejects when one does not start; what has started is stopped then. */
export async function startContainers(plan: Plan): Promise<RunningServices> {
  await using starting = new AsyncDisposableStack();
  const network = await new Network().start();
  starting.defer(async () => void (await network.stop()));
  const started = await Promise.allSettled([
    startSqlServer(plan, starting),
    startServiceBus(plan, starting),
    startBlobsAndEventHubs(plan, network, starting),
  ]);
  const failures = started.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (failures.length > 0) throw new AggregateError(failures, 'not all containers have started');
  const env = Object.assign({}, ...started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
  const running = starting.move();
  return { env: env as Env, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** With the Agent, whose capture job fills the change tables. The password is for this run only. */
async function startSqlServer({ sqlServer }: Plan, starting: AsyncDisposableStack): Promise<Env> {
  const container = await new MSSQLServerContainer(sqlServer.image)
    .acceptLicense()
    .withPassword(`Aa1-${randomBytes(12).toString('hex')}`)
    .withEnvironment({ MSSQL_AGENT_ENABLED: 'true' })
    .withStartupTimeout(startupMs)
    .start();
  starting.defer(async () => void (await container.stop()));
  return {
    DSTREAM_TEST_SQL_CONNECTION_STRING:
      `Server=${container.getHost()},${container.getPort()};Database=master;User Id=${container.getUsername()};` +
      `Password=${container.getPassword()};Encrypt=true;TrustServerCertificate=true`,
  };
}

async function startServiceBus(
  { serviceBus, serviceBusStore }: Plan,
  starting: AsyncDisposableStack,
): Promise<Env> {
  const container = await new AzureServiceBusContainer(serviceBus.image)
    .acceptLicense()
    .withMssqlImage(serviceBusStore.image)
    .withConfig(await entities('service-bus.json'))
    .withStartupTimeout(startupMs)
    .start();
  starting.defer(async () => void (await container.stop()));
  return { DSTREAM_TEST_SERVICE_BUS_CONNECTION_STRING: container.getConnectionString() };
}

/** The emulator keeps its checkpoints in Azurite, by its name in their network. */
async function startBlobsAndEventHubs(
  { azurite, eventHubs }: Plan,
  network: StartedNetwork,
  starting: AsyncDisposableStack,
): Promise<Env> {
  const blobs = await new AzuriteContainer(azurite.image)
    .withInMemoryPersistence()
    .withSkipApiVersionCheck() // the client may be newer than the image
    .withNetwork(network)
    .withNetworkAliases('azurite')
    .start();
  starting.defer(async () => void (await blobs.stop()));
  const hubs = await eventHubsContainer(eventHubs.image, await entities('event-hubs.json'), network).start();
  starting.defer(async () => void (await hubs.stop()));
  return {
    DSTREAM_TEST_BLOB_CONNECTION_STRING: blobs.getConnectionString(),
    DSTREAM_TEST_EVENT_HUBS_CONNECTION_STRING:
      `Endpoint=sb://${hubs.getHost()}:${hubs.getMappedPort(amqpPort)};SharedAccessKeyName=RootManageSharedAccessKey;` +
      'SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;',
  };
}

const amqpPort = 5672;
const healthPort = 5300;

/** As in the installer's `docker-compose-default.yml`; its health: `HealthCheckApiSchema.md`. */
function eventHubsContainer(image: string, config: string, network: StartedNetwork): GenericContainer {
  return new GenericContainer(image)
    .withNetwork(network)
    .withEnvironment({ BLOB_SERVER: 'azurite', METADATA_SERVER: 'azurite', ACCEPT_EULA: 'Y' })
    .withCopyContentToContainer([
      { content: config, target: '/Eventhubs_Emulator/ConfigFiles/Config.json', mode: 0o644 },
    ])
    .withExposedPorts(amqpPort, healthPort)
    .withWaitStrategy(Wait.forHttp('/health', healthPort).forStatusCode(200))
    .withStartupTimeout(startupMs);
}

function entities(file: string): Promise<string> {
  return readFile(new URL(file, import.meta.url), 'utf8');
}

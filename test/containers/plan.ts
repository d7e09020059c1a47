/** What `npm run test:containers` starts. Pure: from the environment to a plan, and the plan as text. */

export interface Service {
  /** For people: `SQL Server`. */
  readonly name: string;
  readonly image: string;
  /** The variable that names another image. */
  readonly variable: string;
  /** Licence terms that the image asks to accept, if it does. */
  readonly licence?: string;
}

export interface Plan {
  readonly sqlServer: Service;
  readonly serviceBus: Service;
  /** The Service Bus emulator keeps its entities in a database server of its own. */
  readonly serviceBusStore: Service;
  readonly eventHubs: Service;
  readonly azurite: Service;
  /** Whoever starts them accepts the licences, by `DSTREAM_TEST_ACCEPT_EULA=Y`. */
  readonly licencesAccepted: boolean;
}

export const licenceVariable = 'DSTREAM_TEST_ACCEPT_EULA';

const registry = 'mcr.microsoft.com';
const sqlLicence = 'https://go.microsoft.com/fwlink/?LinkId=746388';

const usual = {
  sqlServer: {
    name: 'SQL Server 2022 with Agent',
    image: `${registry}/mssql/server:2022-latest`,
    variable: 'DSTREAM_TEST_SQL_IMAGE',
    licence: sqlLicence,
  },
  serviceBus: {
    name: 'Service Bus emulator',
    image: `${registry}/azure-messaging/servicebus-emulator:latest`,
    variable: 'DSTREAM_TEST_SERVICE_BUS_IMAGE',
    licence: 'https://github.com/Azure/azure-service-bus-emulator-installer/blob/main/EMULATOR_EULA.txt',
  },
  serviceBusStore: {
    name: 'database of the Service Bus emulator',
    image: `${registry}/mssql/server:2022-latest`,
    variable: 'DSTREAM_TEST_SERVICE_BUS_STORE_IMAGE',
    licence: sqlLicence,
  },
  eventHubs: {
    name: 'Event Hubs emulator',
    image: `${registry}/azure-messaging/eventhubs-emulator:latest`,
    variable: 'DSTREAM_TEST_EVENT_HUBS_IMAGE',
    licence: 'https://github.com/Azure/azure-event-hubs-emulator-installer/blob/main/EMULATOR_EULA.md',
  },
  azurite: {
    name: 'Azurite',
    image: `${registry}/azure-storage/azurite:latest`,
    variable: 'DSTREAM_TEST_AZURITE_IMAGE',
  },
} as const satisfies Readonly<Record<string, Service>>;

type Env = Readonly<Record<string, string | undefined>>;

export function planFor(env: Env): Plan {
  const service = (key: keyof typeof usual): Service => {
    const image = env[usual[key].variable];
    return image === undefined || image === '' ? usual[key] : { ...usual[key], image };
  };
  return {
    sqlServer: service('sqlServer'),
    serviceBus: service('serviceBus'),
    serviceBusStore: service('serviceBusStore'),
    eventHubs: service('eventHubs'),
    azurite: service('azurite'),
    licencesAccepted: env[licenceVariable] === 'Y',
  };
}

export function servicesOf(plan: Plan): readonly Service[] {
  return [plan.sqlServer, plan.serviceBus, plan.serviceBusStore, plan.eventHubs, plan.azurite];
}

/** What a dry run prints. */
export function planLines(plan: Plan): readonly string[] {
  return [
    'would start these containers, and stop them when the tests are over:',
    ...servicesOf(plan).map(({ name, image, variable }) => `  ${name}: ${image} (${variable})`),
    plan.licencesAccepted
      ? `their licences are accepted (${licenceVariable}=Y)`
      : `their licences are not accepted: ${licenceLine(plan)}`,
  ];
}

export function licenceLine(plan: Plan): string {
  const licences = [...new Set(servicesOf(plan).flatMap(({ licence }) => licence ?? []))];
  return `set ${licenceVariable}=Y when you accept ${licences.join(', ')}`;
}

/**
 * `deploy/compose.yaml`, as far as it can be checked without a container runtime: every file, name, port and image that it
 * has, and its configuration of `dstream` by `dstream` itself.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runDstream } from '../support/status-command.ts';

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const read = (file: string) => readFileSync(join(deploy, file), 'utf8');
const readEntities = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

interface Service {
  readonly image: string;
  readonly build?: object;
  readonly command?: string | readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly network_mode?: string;
  readonly networks?: { readonly default: { readonly aliases: readonly string[] } };
  readonly healthcheck?: object;
  readonly restart?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const { services } = parse(read('compose.yaml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};
const named = Object.entries(services);

/** As compose replaces them, with one value for all. */
const environmentOf = (service: Service | undefined) =>
  Object.fromEntries(
    Object.entries(service?.environment ?? {}).map(([name, value]) => [
      name,
      value.replaceAll(/\$\{\w+(?::\?[^}]*)?\}/g, 'Aa1-0123456789abcdef'),
    ]),
  );

test('it has what the README says', () => {
  expect(named.map(([name]) => name).sort()).toEqual([
    'azurite',
    'emulators-ready',
    'event-hubs',
    'event-hubs-port',
    'grafana',
    'ingester',
    'processor',
    'prometheus',
    'service-bus',
    'shop',
    'sql-server',
    'sql-set-up',
  ]);
});

describe.each(named)('%s', (_, service) => {
  test('has an image of one version, or is built', () => {
    const image = service.build === undefined ? /^[a-z0-9./-]+:v?\d[\w.-]*$/ : /^dstream$/;
    expect(service.image).toMatch(image);
  });

  test('mounts only what is there, read-only', () => {
    for (const volume of service.volumes ?? []) {
      const [source = '', , mode] = volume.split(':');
      expect(existsSync(join(deploy, source)), volume).toBe(true);
      expect(mode).toBe('ro');
    }
  });

  test('publishes its ports on loopback only', () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  test('waits for services that can become what it waits for', () => {
    const impossible = Object.entries(service.depends_on ?? {}).filter(
      ([other, { condition }]) => !canBecome(condition, services[other]),
    );
    expect(impossible).toEqual([]);
  });
});

/** A service that is started again when it has ended never counts as completed. */
function canBecome(condition: string, service: Service | undefined): boolean {
  if (service === undefined) return false;
  if (condition === 'service_healthy') return service.healthcheck !== undefined;
  return condition === 'service_started' || service.restart === undefined;
}

describe.each(['ingester', 'processor'])('the configuration of %s', (name) => {
  const service = services[name];
  const env = environmentOf(service);

  test('is valid, and nothing is missing', async () => {
    const file = join(deploy, 'compose/dstream.hcl');
    const { code, out } = await runDstream(['validate', '--strict', file], { env });
    expect([code, out]).toEqual([0, `${file}: the configuration is valid\n`]);
  });

  test('is asked for its health, and for its metrics by Prometheus, where it listens', () => {
    const port = env['DSTREAM_HTTP'] ?? '';
    expect(port).toMatch(/^:\d+$/);
    expect(JSON.stringify(service?.healthcheck)).toContain(`127.0.0.1${port}`);
    const { scrape_configs: jobs } = parse(read('compose/prometheus.yaml')) as {
      readonly scrape_configs: readonly {
        readonly static_configs: readonly { readonly targets: readonly string[] }[];
      }[];
    };
    const targets = jobs.flatMap((job) => job.static_configs.flatMap((one) => one.targets));
    expect(targets).toContain(`${name}${port}`);
  });

  test('shares the network of the emulator that it reaches without TLS', () => {
    expect(service?.network_mode).toBe('service:service-bus');
    expect(services['service-bus']?.networks?.default.aliases).toContain(name);
    expect(services['service-bus']?.ports).toContain(`127.0.0.1${env['DSTREAM_HTTP']}${env['DSTREAM_HTTP']}`);
  });
});

describe('the entities of the emulators', () => {
  test('are those that dstream is configured for', () => {
    const config = read('compose/dstream.hcl');
    expect(config).toContain('"ingest-topic"');
    expect(config).toContain('"changes"');
    expect(readEntities(join(deploy, 'compose/event-hubs.json'))).toMatchObject({
      UserConfig: { NamespaceConfig: [{ Name: 'emulatorNs1', Entities: [{ Name: 'changes' }] }] },
    });
  });

  test('have the properties with which the suites run (`npm run test:containers`)', () => {
    const ours = topicOf(join(deploy, 'compose/service-bus.json'), 'ingest-topic');
    const tested = fileURLToPath(new URL('../containers/service-bus.json', import.meta.url));
    expect(ours).toEqual({ ...topicOf(tested, 'dstream-test-pipeline'), Name: 'ingest-topic' });
  });
});

interface Entities {
  readonly UserConfig: {
    readonly Namespaces: readonly [{ readonly Topics: readonly { readonly Name: string }[] }];
  };
}

function topicOf(file: string, name: string): object | undefined {
  const { UserConfig } = readEntities(file) as Entities;
  return UserConfig.Namespaces[0].Topics.find((topic) => topic.Name === name);
}

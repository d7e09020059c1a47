/** The whole pipeline under test: endpoints, a configuration file, real `dstream` processes, and what came out. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEnvelope, type StampedEvent } from '@dstream/core';
import type { StandIns, StandInsOptions } from '@dstream/stand-ins';
import type sql from 'mssql';
import { DStreamProcess } from './dstream-process.ts';
import { openStandIns, openSurroundings, type ConnectionStrings, type Surroundings } from './surroundings.ts';
import { until } from './until.ts';

export interface ConfigChoice {
  readonly tables: readonly string[];
  readonly pollInterval?: string;
  readonly maxPollInterval?: string;
  /** Another topic than the one that is there. */
  readonly topic?: string;
  /** Further lines of the block `ingester`. */
  readonly ingester?: string;
}

type Places = Pick<Surroundings, 'topic' | 'subscription' | 'container'>;

/** HCL for both services, with short waits. */
export function configText(
  { tables, pollInterval = '200ms', maxPollInterval = '500ms', topic, ingester = '' }: ConfigChoice,
  places: Places = { topic: 'ingest-topic', subscription: 'dstream', container: 'locks' },
): string {
  return `
ingester {
  db_type              = "sqlserver"
  db_connection_string = "{{ env \\"DSTREAM_DB_CONNECTION_STRING\\" }}"
  name                 = "e2e"
  poll_interval_defaults {
    poll_interval     = "${pollInterval}"
    max_poll_interval = "${maxPollInterval}"
  }
  topic {
    name              = "${topic ?? places.topic}"
    connection_string = "{{ env \\"DSTREAM_INGEST_CONNECTION_STRING\\" }}"
  }
  locks {
    type              = "azure_blob"
    connection_string = "{{ env \\"DSTREAM_BLOB_CONNECTION_STRING\\" }}"
    container_name    = "${places.container}"
  }
  lease { duration = "15s" }
  ${ingester}
  tables = [${tables.map((table) => JSON.stringify(table)).join(', ')}]
}
processor {
  source {
    type              = "azure_service_bus"
    connection_string = "{{ env \\"DSTREAM_PUBLISHER_CONNECTION_STRING\\" }}"
    subscription      = "${places.subscription}"
  }
  output {
    type   = "console"
    format = "json"
  }
}
service {
  http = "127.0.0.1:0"
}
`;
}

export class Pipeline implements AsyncDisposable {
  /** Every change of the test's database that came out of any processor, in the order it was seen. */
  readonly arrived: StampedEvent[] = [];
  /** Lines that were cut: a killed process may leave one. */
  readonly torn: string[] = [];
  readonly #surroundings: Surroundings;
  readonly #stack = new AsyncDisposableStack();
  readonly #folder: string;
  readonly #onArrival: (event: StampedEvent) => void;
  #started = 0;

  private constructor(surroundings: Surroundings, folder: string, onArrival: (event: StampedEvent) => void) {
    this.#onArrival = onArrival;
    this.#surroundings = this.#stack.use(surroundings);
    this.#folder = folder;
    this.#stack.defer(() => rm(folder, { recursive: true, force: true }));
  }

  /** On stand-ins with these options, or on the real services that the environment names. */
  static async start(
    options: StandInsOptions = {},
    onArrival: (event: StampedEvent) => void = () => undefined,
  ): Promise<Pipeline> {
    const folder = await mkdtemp(join(tmpdir(), 'dstream-e2e-'));
    return new Pipeline(await openSurroundings(options), folder, onArrival);
  }

  /** For a test that makes no sense without them; the environment is not asked. */
  static async onStandIns(options: StandInsOptions = {}): Promise<Pipeline> {
    const folder = await mkdtemp(join(tmpdir(), 'dstream-e2e-'));
    return new Pipeline(await openStandIns(options), folder, () => undefined);
  }

  /** Of a pipeline that is known to have them. Throws on real services. */
  get standIns(): StandIns {
    return this.faults((why) => {
      throw new Error(`${why}: begin with Pipeline.onStandIns(), or ask faults(skip)`);
    });
  }

  get env(): ConnectionStrings {
    return this.#surroundings.env;
  }

  get database(): sql.ConnectionPool {
    return this.#surroundings.database;
  }

  get places(): Places & { readonly databaseName: string } {
    return this.#surroundings;
  }

  /** To make something go wrong. Skips the test where nothing can, as in a real service. */
  faults(skip: (why: string) => never): StandIns {
    return this.#surroundings.standIns ?? skip('nothing can be made to go wrong in real services');
  }

  config(choice: ConfigChoice): Promise<string> {
    return this.file('dstream.hcl', this.configText(choice));
  }

  configText(choice: ConfigChoice): string {
    return configText(choice, this.#surroundings);
  }

  /** Writes a file and gives its path. */
  async file(name: string, text: string): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(path, text);
    return path;
  }

  /** Starts a process; it is killed at the end of the test if it still runs. `env` goes over what the surroundings give. */
  run(
    command: 'ingester' | 'processor' | 'server',
    config: string,
    env: Readonly<Record<string, string | undefined>> = {},
  ): DStreamProcess {
    this.#started += 1;
    const args = [
      command,
      '--config',
      config,
      '--instance',
      `${command}-${this.#started}`,
      '--log-format',
      'json',
    ];
    const onLine = command === 'ingester' ? undefined : (line: string) => this.#arrive(line);
    return this.#stack.use(new DStreamProcess(args, { ...this.env, ...env }, onLine));
  }

  /**
   * Kills ingesters, which must be all that run: on stand-ins every lease ends then, as if its time had passed. Real
   * services free the tables when it has.
   */
  async killIngesters(...ingesters: readonly DStreamProcess[]): Promise<void> {
    for (const ingester of ingesters) ingester.signal('SIGKILL');
    await Promise.all(ingesters.map(({ ended }) => ended));
    this.#surroundings.standIns?.blobs.expireLeases();
  }

  #arrive(line: string): void {
    let event: StampedEvent;
    try {
      event = decodeEnvelope(line);
    } catch {
      this.torn.push(line);
      return;
    }
    // A real subscription may hold what an earlier test has left.
    if (event.metadata.database !== this.#surroundings.databaseName) return;
    this.arrived.push(event);
    this.#onArrival(event);
  }

  /** Resolves when `count` distinct changes have come out. */
  async arrivedDistinct(count: number, withinMs = 60_000): Promise<void> {
    const timeoutMs = withinMs + this.#surroundings.captureMs;
    const ids = new Set<string>();
    let looked = 0;
    const look = () => {
      for (; looked < this.arrived.length; looked += 1) ids.add(this.arrived[looked]?.metadata.id ?? '');
      return ids.size >= count;
    };
    await until(look, () => `${count} distinct changes have arrived; there are ${ids.size}`, timeoutMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

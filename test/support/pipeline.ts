/** The whole pipeline under test: endpoints, a configuration file, real `dstream` processes, and what came out. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEnvelope, type StampedEvent } from '@dstream/core';
import { startStandIns, type StandIns, type StandInsOptions } from '@dstream/stand-ins';
import type sql from 'mssql';
import { openDatabase } from './database.ts';
import { DStreamProcess } from './dstream-process.ts';
import { until } from './until.ts';

export interface ConfigChoice {
  readonly tables: readonly string[];
  readonly pollInterval?: string;
  readonly maxPollInterval?: string;
}

/** HCL for both services, with short waits. */
export function configText({
  tables,
  pollInterval = '200ms',
  maxPollInterval = '500ms',
}: ConfigChoice): string {
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
    name              = "ingest-topic"
    connection_string = "{{ env \\"DSTREAM_INGEST_CONNECTION_STRING\\" }}"
  }
  locks {
    type              = "azure_blob"
    connection_string = "{{ env \\"DSTREAM_BLOB_CONNECTION_STRING\\" }}"
    container_name    = "locks"
  }
  lease { duration = "15s" }
  tables = [${tables.map((table) => JSON.stringify(table)).join(', ')}]
}
processor {
  source {
    type              = "azure_service_bus"
    connection_string = "{{ env \\"DSTREAM_PUBLISHER_CONNECTION_STRING\\" }}"
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
  readonly standIns: StandIns;
  readonly database: sql.ConnectionPool;
  /** Every change that came out of any processor, in the order it was seen. */
  readonly arrived: StampedEvent[] = [];
  /** Lines that were cut: a killed process may leave one. */
  readonly torn: string[] = [];
  readonly #stack = new AsyncDisposableStack();
  readonly #folder: string;
  readonly #onArrival: (event: StampedEvent) => void;
  #started = 0;

  private constructor(
    standIns: StandIns,
    database: sql.ConnectionPool,
    folder: string,
    onArrival: (event: StampedEvent) => void,
  ) {
    this.#onArrival = onArrival;
    this.standIns = standIns;
    this.database = database;
    this.#folder = folder;
    this.#stack.defer(() => rm(folder, { recursive: true, force: true }));
    this.#stack.defer(() => standIns.close());
    this.#stack.defer(() => database.close());
  }

  static async start(
    options: StandInsOptions = {},
    onArrival: (event: StampedEvent) => void = () => undefined,
  ): Promise<Pipeline> {
    const standIns = await startStandIns(options);
    const database = await openDatabase(standIns.env.DSTREAM_DB_CONNECTION_STRING);
    return new Pipeline(standIns, database, await mkdtemp(join(tmpdir(), 'dstream-e2e-')), onArrival);
  }

  /** Writes a file and gives its path. */
  async file(name: string, text: string): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(path, text);
    return path;
  }

  config(choice: ConfigChoice): Promise<string> {
    return this.file('dstream.hcl', configText(choice));
  }

  /** Starts a process; it is killed at the end of the test if it still runs. `env` goes over what the stand-ins give. */
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
    return this.#stack.use(new DStreamProcess(args, { ...this.standIns.env, ...env }, onLine));
  }

  #arrive(line: string): void {
    let event: StampedEvent;
    try {
      event = decodeEnvelope(line);
    } catch {
      this.torn.push(line);
      return;
    }
    this.arrived.push(event);
    this.#onArrival(event);
  }

  /** Resolves when `count` distinct changes have come out. */
  async arrivedDistinct(count: number, withinMs = 60_000): Promise<void> {
    const ids = new Set<string>();
    let looked = 0;
    const look = () => {
      for (; looked < this.arrived.length; looked += 1) ids.add(this.arrived[looked]?.metadata.id ?? '');
      return ids.size >= count;
    };
    await until(look, () => `${count} distinct changes have arrived; there are ${ids.size}`, withinMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

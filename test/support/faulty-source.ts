/**
 * A real ingester that reads a SQL Server stand-in over sockets where faults happen, and a writer on another port of the same
 * engine, which no fault reaches. Leases and topic are in memory. What has arrived is compared with what was written, change by
 * change.
 */
import type { Log, LogFields } from '@dstream/core';
import { InMemoryTopic } from '@dstream/memory/topic';
import { IngesterMetrics, type Ingester, type PartitionReport } from '@dstream/ingest';
import { Metrics } from '@dstream/runtime';
import { systemClock } from '@dstream/async';
import { parseConnectionString } from '@dstream/sqlserver';
import { createControlledEngine } from '../stand-ins/all/src/controlled-engine.ts';
import { startTdsServer } from '../stand-ins/sql-server/src/tds/tds-server.ts';
import { sqlLogin } from '../stand-ins/all/src/stand-ins-env.ts';
import { startSqlServer, type SqlServerStandIn } from '../stand-ins/all/src/start-sql-server.ts';
import { readingIngester } from './reading-ingester.ts';
import { seriesOf } from './series-of.ts';
import { SqlServerDatabase, type SourceChoice } from './sql-server-database.ts';
import { until } from './until.ts';
import { WrittenChanges } from './written-changes.ts';

export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly sentence: string;
  readonly fields: LogFields;
}

export class FaultySource implements AsyncDisposable {
  readonly server: SqlServerStandIn;
  readonly database: SqlServerDatabase;
  readonly written: WrittenChanges;
  readonly lines: LoggedLine[] = [];
  readonly #stack: AsyncDisposableStack;
  readonly #metrics = new Metrics();
  readonly #topic = new InMemoryTopic({ clock: systemClock });
  readonly #arrived = new Map<string, string[]>();
  /** Messages of the topic that have been looked at: nobody takes any away. */
  #looked = 0;
  #ingester: Ingester | undefined;

  private constructor(
    server: SqlServerStandIn,
    database: SqlServerDatabase,
    written: WrittenChanges,
    stack: AsyncDisposableStack,
  ) {
    this.server = server;
    this.database = database;
    this.written = written;
    this.#stack = stack;
    this.#topic.subscription({ sessions: false });
  }

  /** Tables are captured and empty; nothing is read yet. */
  static async create(tables: readonly string[]): Promise<FaultySource> {
    await using stack = new AsyncDisposableStack();
    const engine = createControlledEngine();
    const failures: unknown[] = [];
    const server = await startSqlServer({ port: 0, engine, onError: (error) => failures.push(error) });
    stack.defer(async () => {
      await server.close();
      if (failures.length > 0) throw new AggregateError(failures, 'the SQL Server stand-in failed');
    });
    const quiet = await startTdsServer({ engine });
    stack.defer(() => quiet.close());
    const database = stack.use(
      await SqlServerDatabase.create(connectionString(quiet.port, sqlLogin.database)),
    );
    for (const table of tables) await database.capture(table);
    const written = new WrittenChanges(database, tables);
    return new FaultySource(server, database, written, stack.move());
  }

  /** Begins to read and resolves when a first change of every table, and all that was written before, has arrived. */
  async read(choice: SourceChoice = {}): Promise<void> {
    this.begin(choice);
    await this.written.step();
    await this.caughtUp();
  }

  /** Begins to read with short waits. Stopped by the disposal. */
  begin(choice: SourceChoice = {}): void {
    const metrics = new IngesterMetrics(this.#metrics, systemClock);
    const address = parseConnectionString(connectionString(this.server.port, this.database.name));
    const log = logTo(this.lines);
    const tables = this.written.tables.map((table) => ({
      schema: 'dbo',
      table,
      pollIntervalMs: 50,
      maxPollIntervalMs: 400,
    }));
    const source = this.database.open([], { tables, address, log, observer: metrics.source, ...choice });
    const ingester = readingIngester({ source, topic: this.#topic, log, metrics });
    this.#ingester = ingester;
    const draining = new AbortController();
    const running = ingester.run({ draining: draining.signal, aborted: new AbortController().signal });
    running.catch(() => undefined); // seen by the disposal
    this.#stack.defer(async () => {
      draining.abort(new Error('the test is over'));
      await running;
      await source[Symbol.asyncDispose]();
    });
  }

  get reports(): readonly PartitionReport[] {
    return this.#ingester?.report().tables ?? [];
  }

  fault(table: string): PartitionReport['fault'] | undefined {
    return this.reports.find((report) => report.table === `dbo.${table}`)?.fault;
  }

  /** Values of metrics by series. */
  async series(): Promise<ReadonlyMap<string, number>> {
    return seriesOf(await this.#metrics.text());
  }

  /** What the topic has of a table, in its order, one text a change. */
  arrived(table: string): readonly string[] {
    const messages = this.#topic.messages();
    for (; this.#looked < messages.length; this.#looked += 1)
      for (const line of new TextDecoder().decode(messages[this.#looked]?.body).split('\n'))
        this.#arrive(JSON.parse(line) as Arrived);
    return this.#arrived.get(table) ?? [];
  }

  #arrive({ metadata: { table, operation }, data }: Arrived): void {
    const arrived = this.#arrived.get(table) ?? [];
    this.#arrived.set(table, arrived);
    arrived.push(`${operation} ${data.Id} ${data.Name}`);
  }

  /** Resolves when the topic has exactly what was written, in its order: nothing lost, repeated or invented. */
  async caughtUp(): Promise<void> {
    for (const table of this.written.tables) {
      const wanted = this.written.of(table);
      await until(
        () => this.arrived(table).length >= wanted.length,
        () =>
          `${wanted.length} changes of ${table}, ${this.arrived(table).length} came: ${JSON.stringify(this.reports)}`,
      );
      const arrived = this.arrived(table);
      const odd = arrived.findIndex((change, n) => change !== wanted[n]);
      if (odd >= 0)
        throw new Error(
          `change ${odd} of ${table} is "${String(arrived[odd])}", "${String(wanted[odd])}" was written`,
        );
    }
  }

  /** Lines of a level from the `from`-th on. */
  said(level: LoggedLine['level'], from = 0): readonly LoggedLine[] {
    return this.lines.slice(from).filter((line) => line.level === level);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.server.clear();
    return this.#stack.disposeAsync();
  }
}

interface Arrived {
  readonly data: { readonly Id: number; readonly Name: string };
  readonly metadata: { readonly table: string; readonly operation: string };
}

function connectionString(port: number, database: string): string {
  return (
    `Server=127.0.0.1,${port};Database=${database};User Id=${sqlLogin.user};` +
    `Password=${sqlLogin.password};Encrypt=false;TrustServerCertificate=true`
  );
}

function logTo(lines: LoggedLine[], common: LogFields = {}): Log {
  const at =
    (level: LoggedLine['level']) =>
    (sentence: string, fields: LogFields = {}) => {
      lines.push({ level, sentence, fields: { ...common, ...fields } });
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => logTo(lines, { ...common, ...fields }),
  };
}

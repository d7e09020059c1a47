/** Ingesters and processors as containers on the network of this machine, between the stand-ins of this process. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeEnvelope } from '@dstream/core';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { configText } from '../support/pipeline.ts';
import { openStandIns, type Surroundings } from '../support/surroundings.ts';
import { until } from '../support/until.ts';
import { Container, configFile, aboutService, withConfig, type Setting } from './container.ts';

const tables = ['Orders', 'Persons'];
const rowsAtATime = 200;

/**
 * Writes while the first ingester is replaced by a second one, then the processor. Rejects when a container does not
 * exit with 0, or when the rows of a table did not arrive each once in their order.
 */
export async function delivers(setting: Setting, signal: AbortSignal): Promise<string> {
  await using run = await ContainerRun.start(setting, signal);
  const [ingester, processor] = [run.start('ingester'), run.start('processor')];
  await Promise.all([ingester.logged('ingester ready'), processor.logged('processor ready')]);
  const idle = [await residentMB(ingester), await residentMB(processor)];
  await run.write();
  await run.arrived();
  const next = [run.start('ingester'), run.start('processor')];
  for (const old of [ingester, processor]) await Promise.all([old.stop(), run.write()]);
  await run.arrived();
  for (const last of next) await last.stop();
  run.verify();
  return `idle: ingester ${idle[0]} MB, processor ${idle[1]} MB resident`;
}

async function residentMB(container: Container): Promise<number> {
  const [line = ''] = await container.exec(aboutService('grep VmRSS /proc/$pid/status'));
  return Math.round((Number(/\d+/.exec(line)?.[0]) * 1_024) / 1e6);
}

class ContainerRun implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #setting: Setting;
  readonly #surroundings: Surroundings;
  readonly #config: string;
  readonly #signal: AbortSignal;
  /** The numbers of the rows that came out, by table. */
  readonly #arrived = new Map(tables.map((table) => [table, [] as number[]]));
  #written = 0;

  private constructor(setting: Setting, surroundings: Surroundings, config: string, signal: AbortSignal) {
    this.#setting = setting;
    this.#surroundings = this.#stack.use(surroundings);
    this.#config = config;
    this.#signal = signal;
  }

  static async start(setting: Setting, signal: AbortSignal): Promise<ContainerRun> {
    const config = join(setting.folder, 'pipeline.hcl');
    const surroundings = await openStandIns();
    const run = new ContainerRun(setting, surroundings, config, signal);
    await writeFile(config, configText({ tables }, surroundings));
    for (const table of tables) await createCapturedTable(surroundings.database, table);
    return run;
  }

  start(command: 'ingester' | 'processor'): Container {
    return this.#stack.use(
      new Container(
        this.#setting,
        {
          flags: ['--network', 'host', ...withConfig(this.#config)],
          args: [command, '--config', configFile, '--log-format', 'json'],
          env: this.#surroundings.env,
          ...(command === 'processor' && { onLine: (line: string) => this.#take(line) }),
        },
        this.#signal,
      ),
    );
  }

  /** Further rows for each table. */
  async write(): Promise<void> {
    const from = this.#written + 1;
    this.#written += rowsAtATime;
    for (const table of tables)
      await insertRows(this.#surroundings.database, table, { from, to: this.#written, perTransaction: 20 });
  }

  /** Resolves when as many changes have come out as rows were written. */
  async arrived(): Promise<void> {
    const counts = () =>
      [...this.#arrived].map(([table, rows]) => `${table} ${new Set(rows).size}`).join(', ');
    const all = tables.map((table) => `${table} ${this.#written}`).join(', ');
    await until(
      () => counts() === all,
      () => `${all} have arrived; there are ${counts()}`,
      60_000,
    );
  }

  /** Throws unless every row came out once, in the order of the commits. */
  verify(): void {
    for (const [table, rows] of this.#arrived) {
      const wrong = rows.findIndex((row, index) => row !== index + 1);
      if (wrong >= 0 || rows.length !== this.#written)
        throw new Error(
          `${table}: ${rows.length} of ${this.#written} changes, row ${rows[wrong]} came as number ${wrong + 1}`,
        );
    }
  }

  #take(line: string): void {
    const { data, metadata } = decodeEnvelope(line);
    this.#arrived.get(metadata.table)?.push(Number(data?.['N']));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/**
 * A roll-out as a Deployment does it: each replica is replaced by one with another configuration, which must be ready
 * before the old one is stopped. Under load nothing is repeated, lost or out of order.
 */
import { askReplica } from '@dstream/status';
import { expect, test } from 'vitest';
import { Arrivals } from '../../apps/playground/src/arrivals.ts';
import { createCapturedTable, insertRows } from '../support/database.ts';
import type { DStreamProcess } from '../support/dstream-process.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

const tables = ['T1', 'T2', 'T3', 'T4'];
/** Much less than a lease lasts (15 s): tables are released, nobody waits for the end of their leases. */
const handOverMs = 8_000;

interface Rig extends AsyncDisposable {
  readonly pipeline: Pipeline;
  readonly arrivals: Arrivals;
}

async function rigWith(captured: readonly string[]): Promise<Rig> {
  const arrivals = new Arrivals();
  const pipeline = await Pipeline.start({}, (event) => arrivals.add(event, 0));
  for (const table of captured) await createCapturedTable(pipeline.database, table);
  return { pipeline, arrivals, [Symbol.asyncDispose]: () => pipeline[Symbol.asyncDispose]() };
}

test(
  'ingesters that are replaced one by one hand their tables over without a repeat, and the new ones take up a new table',
  { timeout: 180_000 },
  async () => {
    await using rig = await rigWith([...tables, 'New']);
    const { pipeline } = rig;
    const [before, after] = await Promise.all([
      pipeline.file('before.hcl', pipeline.configText({ tables })),
      pipeline.file('after.hcl', pipeline.configText({ tables: [...tables, 'New'], pollInterval: '100ms' })),
    ]);
    const processor = pipeline.run('processor', before);
    const old = [pipeline.run('ingester', before), pipeline.run('ingester', before)];
    await owned(old, tables);

    await insertRows(pipeline.database, 'New', { from: 1, to: 100 });
    await using load = new Load(rig);
    const replacements: DStreamProcess[] = [];
    for (const process of old) {
      const replacement = pipeline.run('ingester', after);
      await ready(replacement);
      await load.goesOn();
      expect(await process.stop()).toBe(0);
      replacements.push(replacement);
      await owned([...old.slice(replacements.length), ...replacements], tables);
      await load.goesOn();
    }
    await owned(replacements, [...tables, 'New']);

    const rows = await load.stop();
    await arrivedOnceInOrder(rig, { rows, more: 100 });
    expect(await repeatsDropped(processor), 'repeats on the topic').toBe(0);
    for (const process of [...replacements, processor]) expect(await process.stop()).toBe(0);
  },
);

test(
  'processors that are replaced one by one hand their sessions over without a repeat',
  { timeout: 180_000 },
  async ({ skip }) => {
    await using rig = await rigWith(tables);
    const { pipeline } = rig;
    // At nearly every moment something was delivered and is not settled yet.
    pipeline.faults(skip).serviceBus.delaySettlements(300);
    const text = pipeline.configText({ tables });
    const [before, after] = await Promise.all([
      pipeline.file('before.hcl', text),
      pipeline.file('after.hcl', text.replace(/^ {4}subscription /m, '    max_sessions = 3\n$&')),
    ]);
    const ingester = pipeline.run('ingester', before);
    const old = [pipeline.run('processor', before), pipeline.run('processor', before)];

    await using load = new Load(rig);
    await load.goesOn();
    const replacements: DStreamProcess[] = [];
    for (const process of old) {
      const replacement = pipeline.run('processor', after);
      await ready(replacement);
      await load.goesOn();
      expect(await process.stop()).toBe(0);
      replacements.push(replacement);
      await load.goesOn();
    }

    await arrivedOnceInOrder(rig, { rows: await load.stop(), more: 0 });
    for (const process of replacements) expect(await repeatsDropped(process)).toBe(0);
    for (const process of [ingester, ...replacements]) expect(await process.stop()).toBe(0);
  },
);

/** Writes to every table, as fast as the changes arrive, until it is stopped. */
class Load implements AsyncDisposable {
  readonly #rig: Rig;
  readonly #writing: Promise<void>;
  #stopped = false;
  /** Of each table. */
  #rows = 0;

  constructor(rig: Rig) {
    this.#rig = rig;
    this.#writing = this.#write();
    // A failure is thrown by `stop`, or by what waits for changes that do not come.
    this.#writing.catch(() => undefined);
  }

  async #write(): Promise<void> {
    const { pipeline, arrivals } = this.#rig;
    while (!this.#stopped) {
      const range = { from: this.#rows + 1, to: this.#rows + 20, perTransaction: 5 };
      await Promise.all(tables.map((table) => insertRows(pipeline.database, table, range)));
      this.#rows = range.to;
      const enough = this.#rows * tables.length - 1_000;
      const caughtUp = () => this.#stopped || arrivals.counts.delivered >= enough;
      await until(caughtUp, () => `${enough} changes arrive`, 60_000);
    }
  }

  /** Resolves when changes that were written from now on have arrived. */
  async goesOn(): Promise<void> {
    const { arrivals } = this.#rig;
    const wanted = arrivals.counts.delivered + 2_000;
    await until(
      () => arrivals.counts.delivered >= wanted,
      () => `${wanted} changes arrive`,
      60_000,
    );
  }

  /** Resolves with the rows of each table. */
  async stop(): Promise<number> {
    this.#stopped = true;
    await this.#writing;
    return this.#rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#writing.catch(() => undefined);
  }
}

async function addressOf(process: DStreamProcess): Promise<string> {
  return (JSON.parse(await process.logged('listening')) as { readonly http: string }).http;
}

/** As a readiness probe sees it. */
async function ready(process: DStreamProcess): Promise<void> {
  const address = await addressOf(process);
  const look = async () => (await fetch(`${address}/readyz`)).status === 200;
  await until(look, () => `${address} is ready`);
}

/** Resolves when every table is owned by one of these ingesters, within the time of a hand-over. */
async function owned(ingesters: readonly DStreamProcess[], wanted: readonly string[]): Promise<void> {
  const addresses = await Promise.all(ingesters.map(addressOf));
  const never = new AbortController().signal;
  let last: readonly string[] = [];
  const look = async () => {
    const answers = await Promise.all(addresses.map((address) => askReplica(address, never)));
    last = answers.flatMap(({ report }) => report?.ingester?.tables.map(({ table }) => table) ?? []);
    return wanted.every((table) => last.includes(`dbo.${table}`));
  };
  await until(look, () => `${wanted.join(', ')} have owners; only ${last.join(', ')} have`, handOverMs);
}

/** Every row of every table has arrived exactly once, in the order of its table. */
async function arrivedOnceInOrder(
  { pipeline, arrivals }: Rig,
  { rows, more }: { readonly rows: number; readonly more: number },
): Promise<void> {
  const written = rows * tables.length + more;
  await pipeline.arrivedDistinct(written);
  expect(arrivals.counts).toEqual({ delivered: written, repeats: 0, outOfOrder: 0 });
  expect(pipeline.torn).toEqual([]);
  const all = Array.from({ length: rows }, (_, n) => n + 1);
  for (const name of tables) {
    const of = pipeline.arrived.filter(({ metadata }) => metadata.table === name);
    expect(of.map(({ data }) => data?.['N'])).toEqual(all);
  }
}

/** What reached a processor again. */
async function repeatsDropped(processor: DStreamProcess): Promise<number> {
  const metrics = await (await fetch(`${await addressOf(processor)}/metrics`)).text();
  return Number(/^dstream_repeats_dropped_total (\d+)$/m.exec(metrics)?.[1]);
}

/** A SqlClient over change tables in memory: knows the statements of libs/sources/sqlserver by their shape, and no T-SQL. */
import type { Cells, SqlClient } from '../../libs/sources/sqlserver/src/client/sql-client.ts';
import {
  lsnBytes,
  lsnOf,
  previousLsn,
  type Lsn,
} from '../../libs/sources/sqlserver/src/position/log-position.ts';
import type { CaptureInstance } from '../../libs/sources/sqlserver/src/sql/catalogue.ts';
import type { Statement } from '../../libs/sources/sqlserver/src/client/sql-client.ts';

export interface FakeRow {
  readonly lsn: Lsn;
  readonly commandId?: number | null;
  readonly seqval: Lsn;
  readonly operation: number;
  readonly mask: Buffer;
  readonly values: readonly unknown[];
}

export interface FakeInstance extends CaptureInstance {
  rows: FakeRow[];
  /** Where in the log it was created, when that matters. */
  readonly createdAt?: Lsn;
}

export const lsn = (n: number): Lsn => n.toString(16).toUpperCase().padStart(20, '0') as Lsn;

/** A minute short, as a server counts whose second clock was read in the next minute. */
const minutesToUtc = -59;

/** Every transaction was committed at its LSN in seconds after ten o'clock of a server an hour ahead of UTC. */
function localTimeOf(at: Lsn): Date {
  return new Date(Date.UTC(2026, 10, 20, 10, 0, 0, 123) + Number(BigInt(`0x${at}`)) * 1_000);
}

/** The same in UTC. */
export function timeOf(at: Lsn): Date {
  return new Date(localTimeOf(at).getTime() - 3_600_000);
}

type Sets = readonly (readonly (readonly unknown[])[])[];

export class FakeCdcClient implements SqlClient {
  readonly instances: FakeInstance[];
  readonly statements: Statement[] = [];
  max: Lsn | undefined;
  /** The recovery forks of the database: that it is on, and the first; undefined where they cannot be seen. */
  fork: readonly [current: string, first: string] | undefined;
  /** Entries of the log that are not there, as after a restore. */
  readonly forgotten = new Set<Lsn>();
  /** Every max LSN that there was: each is an entry. */
  readonly #scanned = new Set<Lsn>();
  #pages = 0;
  /** The server's local clock, an hour ahead of UTC. */
  now = new Date(Date.UTC(2026, 10, 20, 12));
  /** Called before every statement: may throw. */
  before: (statement: Statement) => void = () => {};

  constructor(instances: FakeInstance[], max: Lsn | undefined) {
    this.instances = instances;
    this.max = max;
  }

  query(statement: Statement): Promise<Sets> {
    return Promise.resolve().then(() => this.#answer(statement));
  }

  async *stream(statement: Statement): AsyncGenerator<readonly Cells[]> {
    const sets = await this.query(statement);
    for (const [set, rows] of sets.entries()) yield rows.map((values) => ({ set, values, bytes: 100 }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #answer(statement: Statement): Sets {
    this.statements.push(statement);
    if (this.max !== undefined) this.#scanned.add(this.max);
    this.before(statement);
    const { text } = statement;
    if (text.includes('AS [oldest]')) return this.#entry(statement);
    if (text.includes('recovery_fork_guid')) return [this.fork === undefined ? [] : [this.fork]];
    if (text.includes('fn_cdc_get_max_lsn')) return this.#probe(statement);
    if (text.includes('is_tracked_by_cdc')) return [[[true]], [[true]]];
    if (text.includes('AS [is_transaction]')) return this.#creation(statement);
    if (text.includes('captured_columns')) return this.#catalogue();
    const instance = this.#named(text);
    if (text.includes('MAX(')) return [[[this.#bound(instance, statement)]]];
    if (text.includes('fn_cdc_get_all_changes')) return this.#page(instance, statement, 'functions');
    if (text.includes('NOLOCK')) return this.#page(instance, statement, 'direct');
    return [[[lsnBytes(instance.startLsn), instance.columnUpdates]]];
  }

  #named(text: string): FakeInstance {
    const found = this.instances.find(
      ({ name }) => text.includes(`${name}_CT]`) || text.includes(`N'${name}'`),
    );
    if (found === undefined) throw new Error(`no instance in ${text}`);
    return found;
  }

  #probe({ text, parameters }: Statement): Sets {
    const at = parameters[0]?.value as Buffer;
    const asked = [...text.matchAll(/\[(\w+)_CT\]/g)].map(([, name]) => name);
    const moved = asked.flatMap((wanted, i) => {
      const from = lsnOf(at.subarray(10 * i, 10 * (i + 1)));
      const rows = this.instances.find(({ name }) => name === wanted)?.rows ?? [];
      return rows.some((row) => row.lsn > from) ? [`${i},`] : [];
    });
    const low = this.instances.map(({ name, startLsn }) => [name, lsnBytes(startLsn)]);
    const lowTimes = this.instances.map(({ startLsn }) => [lsnBytes(startLsn), localTimeOf(startLsn)]);
    const max = this.max === undefined ? [null, null] : [lsnBytes(this.max), localTimeOf(this.max)];
    const marked = this.#timeOfEntry(lsnOf(parameters[1]?.value as Buffer));
    return [[[...max, this.now, minutesToUtc, marked]], [[moved.join('')]], low, lowTimes];
  }

  /** The log's entries: one a transaction, and one for the max LSN. */
  #entry({ parameters }: Statement): Sets {
    const [oldest] = this.#entries();
    const at = this.#timeOfEntry(lsnOf(parameters[0]?.value as Buffer));
    return [[[at, minutesToUtc, oldest === undefined ? null : lsnBytes(oldest)]]];
  }

  #timeOfEntry(lsn: Lsn): Date | null {
    return this.#entries().includes(lsn) ? localTimeOf(lsn) : null;
  }

  #entries(): readonly Lsn[] {
    const low = this.instances.map(({ startLsn }) => startLsn).sort()[0];
    const entries = this.instances.flatMap(({ rows }) => rows.map((row) => row.lsn));
    return [...new Set([...entries, ...this.#scanned])]
      .filter((entry) => low !== undefined && entry >= low && !this.forgotten.has(entry))
      .sort();
  }

  /** Created at its LSN `createdAt`, else long before anything; cleaned up unless the low-water mark is where it was created. */
  #creation({ parameters }: Statement): Sets {
    const named = String(parameters.find(({ name }) => name === 'instance')?.value);
    const found = this.instances.find(({ name }) => name === named);
    if (found === undefined) return [[]];
    const created = found.createdAt === undefined ? new Date(0) : localTimeOf(found.createdAt);
    const from = lsnOf(parameters.find(({ name }) => name === 'from')?.value as Buffer);
    const next = found.rows
      .map((row) => row.lsn)
      .filter((at) => at >= from)
      .sort()[0];
    const nextAt = next === undefined ? null : localTimeOf(next);
    return [[[created, minutesToUtc, nextAt, found.createdAt === found.startLsn ? 0 : 1]]];
  }

  #catalogue(): Sets {
    return [
      this.instances.map(({ name, startLsn, columnUpdates }) => [name, lsnBytes(startLsn), columnUpdates]),
      this.instances.flatMap(({ name, columns }) =>
        columns.map((c) => [name, c.name, c.type, c.ordinal, c.computed, c.maxBytes ?? null]),
      ),
      this.instances.flatMap(({ name, key }) => key.map((column) => [name, column])),
    ];
  }

  #bound({ rows }: FakeInstance, statement: Statement): Buffer | null {
    const { n, from, to } = valuesOf(statement);
    const last = rows
      .filter((row) => row.lsn >= from && row.lsn <= to)
      .slice(0, n)
      .at(-1);
    return last === undefined ? null : lsnBytes(last.lsn);
  }

  /** Rows with the same complete key come in another order each time. */
  #page(instance: FakeInstance, statement: Statement, mode: 'functions' | 'direct'): Sets {
    const { n, from, to, command, seqval, operation } = valuesOf(statement);
    const keyOf = (row: Omit<FakeRow, 'mask' | 'values'>) => {
      const key = [row.lsn, row.seqval, row.operation];
      if (mode === 'direct') key.splice(1, 0, lsn(row.commandId ?? 0));
      return key.join();
    };
    const behind = keyOf({ lsn: from, commandId: command, seqval, operation });
    this.#pages += 1;
    const stored = this.#pages % 2 === 0 ? instance.rows : instance.rows.toReversed();
    const rows = stored
      .filter((row) => row.lsn <= to && keyOf(row) > behind)
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0))
      .slice(0, n)
      .map((row) => [
        lsnBytes(row.lsn),
        lsnBytes(row.seqval),
        row.operation,
        row.mask,
        ...row.values,
        ...(mode === 'direct' ? [row.commandId ?? null] : []),
      ]);
    const lsns = [...new Set(instance.rows.map((row) => row.lsn))].filter((l) => l >= from && l <= to);
    const times = lsns.map((l) => [lsnBytes(l), localTimeOf(l), minutesToUtc]);
    return [times, rows, [[lsnBytes(instance.startLsn), instance.columnUpdates]]];
  }
}

/** Everything of an instance up to `before` is cleaned up. */
export function cleanUp(instance: FakeInstance, low: Lsn): FakeInstance {
  return { ...instance, startLsn: low, rows: instance.rows.filter((row) => row.lsn > previousLsn(low)) };
}

function valuesOf({ parameters }: Statement) {
  const value = (name: string) => parameters.find((p) => p.name === name)?.value;
  return {
    n: Number(value('n')),
    from: lsnOf(value('from') as Buffer),
    to: lsnOf(value('to') as Buffer),
    seqval: lsnOf((value('seqval') as Buffer | undefined) ?? Buffer.alloc(10)),
    operation: Number(value('operation') ?? 0),
    command: Number(value('command') ?? 0),
  };
}

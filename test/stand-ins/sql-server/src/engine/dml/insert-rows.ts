/** Makes stored rows of given values: the given columns, then defaults, identity and what the server makes itself. */
import type { SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Run } from '../query/run.ts';
import type { OutputColumn } from '../query/compiled.ts';
import type { Values } from '../storage/row.ts';
import { type Column, sameName, type Table } from '../storage/table.ts';
import type { WriteContext } from './write-plan.ts';
import type { RowMaker } from './row-maker.ts';
import type { StatementChanges } from './statement-changes.ts';
import { storer } from './store-value.ts';

/** One row, given in the order of the columns named (all that can be given when none are). */
export type InsertRow = (given: Values, context: WriteContext, changes: StatementChanges) => Values;

export function insertRows(
  maker: RowMaker,
  named: readonly string[] | undefined,
  from: readonly OutputColumn[],
): InsertRow {
  const positions = targetPositions(maker.table, named, from.length);
  const stores = positions.map((position, i) => {
    const column = maker.table.columns[position] as Column;
    const given = from[i] as OutputColumn;
    return given.untyped === true ? () => null : storer(given.type, column, maker.messageName);
  });
  const complete = completer(maker, positions);
  return (given, context, changes) => {
    const values = maker.blank();
    for (let i = 0; i < positions.length; i++)
      values[positions[i] as number] = (stores[i] as (value: SqlValue) => SqlValue)(given[i] ?? null);
    const row = complete(values, context);
    changes.insert(maker.table, row);
    return row;
  };
}

/** `values` holds what was given at `positions`; the rest is filled in. */
export function completer(
  maker: RowMaker,
  positions: readonly number[],
): (values: SqlValue[], context: WriteContext) => Values {
  const { table } = maker;
  const given = new Set(positions);
  const identityAt = table.columns.findIndex((column) => column.identity !== undefined);
  const missing = table.columns.flatMap((column, position) =>
    given.has(position) || column.default === undefined
      ? []
      : [[position, maker.defaultOf(position)] as const],
  );
  return (values, context) => {
    const { run } = context;
    const frame = { slots: [], outer: undefined, run };
    for (const [position, evaluate] of missing) values[position] = evaluate(frame);
    if (identityAt >= 0) giveIdentity(table, identityAt, given.has(identityAt), values, context);
    return maker.complete(values, 'INSERT', run);
  };
}

/** Which columns the values go to. Errors 213, 207, 264, 271, 273. */
export function targetPositions(
  table: Table,
  named: readonly string[] | undefined,
  count: number,
): readonly number[] {
  if (named !== undefined) return named.map((name, i) => namedPosition(table, name, named.slice(0, i)));
  const all = table.columns.flatMap((column, i) =>
    column.identity === undefined && column.computed === undefined ? [i] : [],
  );
  const hasIdentity = table.columns.some((column) => column.identity !== undefined);
  if (count !== all.length)
    throw hasIdentity && count === all.length + 1
      ? errors.identityList(table.name)
      : errors.insertCountMismatch();
  const version = table.columns.findIndex((column) => column.type.name === 'timestamp');
  if (version >= 0) throw errors.timestampInsert();
  return all;
}

function namedPosition(table: Table, name: string, before: readonly string[]): number {
  const position = table.position(name);
  const column = table.columns[position ?? -1];
  if (position === undefined || column === undefined) throw errors.unknownColumn(name);
  if (before.some((other) => sameName(table, other, name))) throw errors.columnTwice(name);
  if (column.computed !== undefined) throw errors.computedChange(name);
  if (column.type.name === 'timestamp') throw errors.timestampInsert();
  return position;
}

function giveIdentity(
  table: Table,
  position: number,
  given: boolean,
  values: SqlValue[],
  context: WriteContext,
): void {
  const column = table.columns[position] as Column;
  const { seed, increment } = column.identity as NonNullable<Column['identity']>;
  const explicit = context.identityInsert === table;
  if (given && !explicit) throw errors.identityInsertOff(table.name);
  if (!given && explicit) throw errors.identityInsertMissing(table.name);
  if (given) {
    const value = asBigInt(values[position] ?? null);
    const ahead =
      table.lastIdentity === undefined ||
      (increment > 0n ? value > table.lastIdentity : value < table.lastIdentity);
    if (ahead) table.lastIdentity = value;
    remember(context.run, value);
    return;
  }
  const next = table.lastIdentity === undefined ? seed : table.lastIdentity + increment;
  table.lastIdentity = next;
  values[position] = asValue(next, column);
  remember(context.run, next);
}

function remember({ session }: Run, value: bigint): void {
  session.lastIdentity = value;
  session.scopeIdentity = value;
}

function asBigInt(value: SqlValue): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return BigInt(value);
  return typeof value === 'object' && value !== null && 'unscaled' in value ? value.unscaled : 0n;
}

function asValue(value: bigint, { type }: Column): SqlValue {
  if (type.name === 'bigint') return value;
  return type.name === 'decimal' || type.name === 'numeric' ? { unscaled: value, scale: 0 } : Number(value);
}

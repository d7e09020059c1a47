/** Queries: blocks, set operations, and what stands around them. */
import type { SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { OrderItem, Query, QueryBody, SetOperation } from '../parser/ast.ts';
import type { Values } from '../storage/row.ts';
import { hashKeyOf } from '../values/comparison/hash-key.ts';
import { commonType } from '../values/index.ts';
import { compileBlock } from './compile-block.ts';
import { compileExpression } from './compile-expression.ts';
import type { Compiled, CompiledQuery, OutputColumn, Surroundings } from './compiled.ts';
import { converted } from './converted.ts';
import { distinctRows } from './distinct-rows.ts';
import type { Paging } from './paging.ts';
import { type Compilation, Scope, type NamedQuery } from './scope.ts';
import { compileSortKeys, type SortItem } from './sort.ts';

type CommonTables = ReadonlyMap<string, NamedQuery>;

/** `outer` is the scope of the query around it; a statement has none and gives its compilation. */
export function compileQuery(
  query: Query,
  outer: Scope | undefined,
  compilation: Compilation,
): CompiledQuery {
  const ctes = commonTables(query, compilation);
  if (query.body.kind === 'select')
    return compileBlock(query.body, query, () => blockScope(compilation, outer, ctes));
  const body = compileSet(query.body, outer, compilation, ctes);
  return orderedSet(body, query, outer, compilation);
}

export function commonTables(query: Pick<Query, 'ctes'>, compilation: Compilation): CommonTables {
  const named = new Map<string, NamedQuery>();
  for (const definition of query.ctes) {
    const scope = new Scope(compilation, undefined);
    for (const [name, cte] of named) scope.ctes.set(name, cte);
    named.set(compilation.database.collation.fold(definition.name), { definition, scope });
  }
  return named;
}

export function blockScope(compilation: Compilation, outer: Scope | undefined, ctes: CommonTables): Scope {
  const scope = new Scope(compilation, outer);
  for (const [name, cte] of ctes) scope.ctes.set(name, cte);
  return scope;
}

type Plain = Pick<CompiledQuery, 'columns' | 'rows'>;

const NO_PAGING: Paging = { orderBy: [] };

function compileBody(
  body: QueryBody,
  outer: Scope | undefined,
  compilation: Compilation,
  ctes: CommonTables,
): Plain {
  if (body.kind === 'set') return compileSet(body, outer, compilation, ctes);
  return compileBlock(body, NO_PAGING, () => blockScope(compilation, outer, ctes));
}

function compileSet(
  set: SetOperation,
  outer: Scope | undefined,
  compilation: Compilation,
  ctes: CommonTables,
): Plain {
  const left = compileBody(set.left, outer, compilation, ctes);
  const right = compileBody(set.right, outer, compilation, ctes);
  if (left.columns.length !== right.columns.length) throw errors.setOperandCounts();
  const columns = left.columns.map((column, i) => meet(column, right.columns[i] as OutputColumn));
  const exact = compilation.database.collation.caseSensitive;
  const [a, b] = [adapted(left, columns), adapted(right, columns)];
  switch (set.op) {
    case 'union all':
      return { columns, rows: (at) => concatenated(a(at), b(at)) };
    case 'union':
      return { columns, rows: (at) => distinctRows(concatenated(a(at), b(at)), exact) };
    case 'except':
      return { columns, rows: (at) => filtered(a(at), b(at), false, exact) };
    case 'intersect':
    default:
      return { columns, rows: (at) => filtered(a(at), b(at), true, exact) };
  }
}

/** A column of literal NULLs takes the other side's type. */
function meet(a: OutputColumn, b: OutputColumn): OutputColumn {
  const type = a.untyped === true ? b.type : b.untyped === true ? a.type : commonType(a.type, b.type);
  const untyped = a.untyped === true && b.untyped === true;
  return { name: a.name, type, nullable: a.nullable || b.nullable, ...(untyped && { untyped }) };
}

/** The rows with every value in the type of the result. */
function adapted(query: Plain, columns: readonly OutputColumn[]): (at: Surroundings) => Iterable<Values> {
  const converters = query.columns.map((column, i) => {
    const compiled: Compiled = {
      type: column.type,
      nullable: true,
      untyped: column.untyped === true,
      evaluate: (frame) => frame.slots[0]?.[i] ?? null,
    };
    return converted(compiled, columns[i]?.type ?? column.type);
  });
  return function* (at) {
    for (const row of query.rows(at)) {
      const frame = { slots: [row], outer: undefined, run: at.run };
      yield converters.map((convert) => convert(frame));
    }
  };
}

function* concatenated(a: Iterable<Values>, b: Iterable<Values>): Generator<Values> {
  yield* a;
  yield* b;
}

function* filtered(
  a: Iterable<Values>,
  b: Iterable<Values>,
  wanted: boolean,
  exact: boolean,
): Generator<Values> {
  const others = new Set([...b].map((row) => hashKeyOf(row, exact)));
  for (const row of distinctRows(a, exact)) if (others.has(hashKeyOf(row, exact)) === wanted) yield row;
}

/** ORDER BY after a set operation knows the names and the places of the result's columns only (error 104). */
function orderedSet(
  body: Plain,
  query: Query,
  outer: Scope | undefined,
  compilation: Compilation,
): CompiledQuery {
  if (query.orderBy.length === 0) return { ...body, assigns: false };
  const sort = compileSortKeys(
    query.orderBy.map((item) => setSortItem(item, body.columns, compilation.database.collation.fold)),
    compilation.database.collation,
  );
  const scope = new Scope(compilation, outer);
  const number = (expression: Query['offset']): ((at: Surroundings) => number) | undefined => {
    if (expression === undefined) return undefined;
    const evaluate = converted(compileExpression(expression, scope), { name: 'bigint' });
    return ({ outer: around, run }) => Number(evaluate({ slots: [], outer: around, run }) ?? 0);
  };
  const [offset, fetch] = [number(query.offset), number(query.fetch)];
  return {
    columns: body.columns,
    assigns: false,
    rows: (at) => {
      const keyed = [...body.rows(at)].map((row) => ({
        row,
        keys: sort.keysOf({ slots: [row], outer: undefined, run: at.run }),
      }));
      keyed.sort((a, b) => sort.compare(a.keys, b.keys));
      const from = offset?.(at) ?? 0;
      return keyed.slice(from, fetch === undefined ? undefined : from + fetch(at)).map(({ row }) => row);
    },
  };
}

type Fold = (name: string) => string;

function setSortItem(
  { expression, descending }: OrderItem,
  columns: readonly OutputColumn[],
  fold: Fold,
): SortItem {
  const index = setColumn(expression, columns, fold);
  const column = columns[index];
  if (column === undefined) throw errors.orderByNotInUnion();
  const evaluate = (frame: { slots: readonly (Values | undefined)[] }): SqlValue =>
    frame.slots[0]?.[index] ?? null;
  return { compiled: { type: column.type, nullable: true, evaluate }, descending };
}

function setColumn(
  expression: OrderItem['expression'],
  columns: readonly OutputColumn[],
  fold: Fold,
): number {
  if (expression.kind === 'literal' && typeof expression.value === 'number') {
    if (expression.value < 1 || expression.value > columns.length)
      throw errors.orderByPosition(expression.value);
    return expression.value - 1;
  }
  if (expression.kind !== 'column' || expression.name.length > 1) return -1;
  const name = fold(expression.name[0] ?? '');
  return columns.findIndex((column) => fold(column.name) === name);
}

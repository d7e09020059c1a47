/**
 * FROM as nested loops: each step puts the next row of its table into the frame and hands over. The inner side of a
 * join is looked up by an index, else by a hash table that is made on first use, else read again for every outer row.
 */
import type { SqlValue } from '../engine-session.ts';
import { errors } from '../errors.ts';
import type { Expression, Query, TableSource } from '../parser/ast.ts';
import { collationKey } from '../storage/key.ts';
import type { Values } from '../storage/row.ts';
import type { Index } from '../storage/table.ts';
import { commonType, converter } from '../values/index.ts';
import { compileCondition, compileExpression, meetingType, converted } from './compile-expression.ts';
import type { StoredTable, TableLike, VirtualTable } from './table-like.ts';
import { boundsOf, conjunctsOf, equalitiesOf, inColumnType, type Equality } from './conjuncts.ts';
import type { Evaluate, Frame, Test } from './run.ts';
import { Scope, type ScopeTable } from './scope.ts';
import type { OutputColumn } from './compiled.ts';

/** Puts row after row into the frame's slots; what it yields has no meaning. */
export type Step = (frame: Frame) => Iterable<unknown>;

export interface FromPlan {
  readonly step: Step;
  /** Set when the rows come ordered by these columns of one table. */
  readonly order?: { readonly slot: number; readonly columns: readonly string[] };
}

interface Leaf {
  readonly kind: 'leaf';
  readonly table: ScopeTable;
  readonly source: TableLike;
  /** The rows depend on other tables of the block (APPLY), so they are never kept. */
  readonly lateral: boolean;
}

interface Join {
  readonly kind: 'join';
  readonly join: 'inner' | 'left' | 'full';
  readonly left: Node;
  readonly right: Node;
  readonly on: Test | undefined;
  readonly equalities: readonly Equality[];
}

type Node = Leaf | Join;

/** Adds the tables to the scope and plans how to read them. `where` is only used to read less: the caller tests it. */
export function compileFrom(
  sources: readonly TableSource[],
  where: Expression | undefined,
  scope: Scope,
): FromPlan {
  let root: Node | undefined;
  for (const source of sources) {
    const node = register(source, scope, false);
    root =
      root === undefined
        ? node
        : { kind: 'join', join: 'inner', left: root, right: node, on: undefined, equalities: [] };
  }
  if (root === undefined) return { step: () => ONCE };
  const conditions = conjunctsOf(where);
  const planner = new Planner(conditions, equalitiesOf(conditions, scope), scope);
  return { step: planner.plan(root, new Set(), []), ...planner.orderOf(root) };
}

const ONCE = [0];

function register(source: TableSource, scope: Scope, lateral: boolean): Node {
  if (source.kind === 'join') return registerJoin(source, scope);
  const { alias, columns, qualifier, table } = open(source, scope, lateral);
  return {
    kind: 'leaf',
    table: scope.addTable({ alias, columns, ...(qualifier && { qualifier }) }),
    source: table,
    lateral,
  };
}

function registerJoin(source: Extract<TableSource, { kind: 'join' }>, scope: Scope): Node {
  const left = register(source.left, scope, false);
  const apply = source.join === 'cross apply' || source.join === 'outer apply';
  const right = register(source.right, scope, apply);
  const on = source.on === undefined ? undefined : compileCondition(source.on, scope);
  const equalities = equalitiesOf(conjunctsOf(source.on), scope);
  if (source.join === 'right')
    return { kind: 'join', join: 'left', left: right, right: left, on, equalities };
  const join =
    source.join === 'full'
      ? 'full'
      : source.join === 'left' || source.join === 'outer apply'
        ? 'left'
        : 'inner';
  return { kind: 'join', join, left, right, on, equalities };
}

interface Opened {
  readonly alias: string;
  readonly columns: readonly OutputColumn[];
  readonly qualifier?: readonly string[];
  readonly table: TableLike;
}

function open(source: Exclude<TableSource, { kind: 'join' }>, scope: Scope, lateral: boolean): Opened {
  const { compilation } = scope;
  switch (source.kind) {
    case 'table': {
      const cte = source.name.length === 1 ? scope.findCte(source.name[0] ?? '') : undefined;
      const own = source.name.at(-1) ?? '';
      if (cte !== undefined) {
        return {
          alias: source.alias ?? own,
          ...queryTable(cte.definition.query, cte.scope, own, cte.definition.columns),
        };
      }
      const table = compilation.table(source.name);
      const qualifier = source.alias === undefined ? qualifierOf(source.name) : undefined;
      return {
        alias: source.alias ?? own,
        columns: columnsOf(table),
        table,
        ...(qualifier && { qualifier }),
      };
    }
    case 'tableVariable': {
      const table = compilation.tableVariable(source.name);
      return { alias: source.alias ?? source.name, columns: columnsOf(table), table };
    }
    case 'function': {
      const visible = lateral ? scope : scope.withoutTables();
      const table = compilation.tableFunction(
        source.name,
        source.args.map((arg) => compileExpression(arg, visible)),
      );
      const columns =
        source.columns === undefined
          ? table.columns
          : renamed(table.columns, source.columns, source.alias ?? '');
      return { alias: source.alias ?? source.name.at(-1) ?? '', columns, table };
    }
    case 'derived': {
      const outer = lateral ? scope : scope.withoutTables();
      return { alias: source.alias, ...queryTable(source.query, outer, source.alias, source.columns) };
    }
    case 'values':
    default:
      return {
        alias: source.alias,
        ...valuesTable(source.rows, lateral ? scope : scope.withoutTables(), source.alias, source.columns),
      };
  }
}

/** `dbo` is what a name without a schema means. */
function qualifierOf(name: readonly string[]): readonly string[] | undefined {
  const parts = name.slice(0, -1);
  return parts.length === 0 ? ['dbo'] : parts.map((part) => (part === '' ? 'dbo' : part));
}

function columnsOf(table: TableLike): readonly OutputColumn[] {
  if (table.kind === 'virtual') return table.columns;
  return table.table.columns.map(({ name, type, nullable, identity }) =>
    identity === undefined ? { name, type, nullable } : { name, type, nullable, identity: true },
  );
}

function renamed(
  columns: readonly OutputColumn[],
  names: readonly string[] | undefined,
  alias: string,
): readonly OutputColumn[] {
  if (names === undefined) return columns;
  if (columns.length > names.length) throw errors.columnsFewer(alias);
  if (columns.length < names.length) throw errors.columnsMore(alias);
  return columns.map((column, i) => ({ ...column, name: names[i] ?? '' }));
}

function queryTable(
  query: Query,
  outer: Scope,
  alias: string,
  names: readonly string[] | undefined,
): Omit<Opened, 'alias'> {
  requireNoIdleOrder(query);
  const compiled = outer.compilation.compileQuery(query, outer);
  const columns = renamed(compiled.columns, names, alias);
  requireNames(columns, alias);
  const table: VirtualTable = {
    kind: 'virtual',
    columns,
    rows: (frame) => compiled.rows({ outer: frame, run: frame.run }),
  };
  return { columns, table };
}

/** Error 1033: ORDER BY inside means something only together with TOP or OFFSET. */
export function requireNoIdleOrder(query: Query): void {
  if (query.orderBy.length === 0 || query.offset !== undefined) return;
  if (query.body.kind !== 'select' || query.body.top === undefined) throw errors.orderByInSubquery();
}

function requireNames(columns: readonly OutputColumn[], alias: string): void {
  const seen = new Set<string>();
  columns.forEach(({ name }, i) => {
    if (name === '') throw errors.columnUnnamed(i + 1, alias);
    if (seen.has(name.toLowerCase())) throw errors.duplicateInDerived(name, alias);
    seen.add(name.toLowerCase());
  });
}

/** A table value constructor: each column has the type in which all its rows meet. */
function valuesTable(
  rows: readonly (readonly Expression[])[],
  scope: Scope,
  alias: string,
  names: readonly string[],
): Omit<Opened, 'alias'> {
  const compiled = rows.map((row) => row.map((value) => compileExpression(value, scope)));
  if (compiled.some((row) => row.length !== compiled[0]?.length)) throw errors.valuesRowsDiffer();
  const types = (compiled[0] ?? []).map((_, i) => meetingType(compiled.flatMap((row) => row[i] ?? [])));
  const columns = renamed(
    types.map((type) => ({ name: '', type, nullable: true })),
    names,
    alias,
  );
  const evaluators = compiled.map((row) => row.map((value, i) => converted(value, types[i] ?? value.type)));
  const table: VirtualTable = {
    kind: 'virtual',
    columns,
    *rows(frame) {
      const inner: Frame = { slots: [], outer: frame, run: frame.run };
      for (const row of evaluators) yield row.map((evaluate) => evaluate(inner));
    },
  };
  return { columns, table };
}

class Planner {
  readonly #conditions: readonly Expression[];
  readonly #equalities: readonly Equality[];
  readonly #scope: Scope;

  constructor(conditions: readonly Expression[], equalities: readonly Equality[], scope: Scope) {
    this.#conditions = conditions;
    this.#equalities = equalities;
    this.#scope = scope;
  }

  /** `known`: tables whose rows are in the frame already. `given`: equalities of the joins around. */
  plan(node: Node, known: ReadonlySet<number>, given: readonly Equality[]): Step {
    if (node.kind === 'leaf') return this.#leaf(node, known, [...given, ...this.#equalities]);
    const inner = node.join === 'inner' ? [...given, ...node.equalities] : given;
    if (node.join === 'full') return this.#full(node);
    const left = this.plan(node.left, known, inner);
    const right = this.plan(node.right, new Set([...known, ...slotsUnder(node.left)]), [
      ...given,
      ...node.equalities,
    ]);
    if (node.join === 'inner') return innerJoin(left, right, node.on);
    return leftJoin(left, right, node.on, slotsUnder(node.right));
  }

  /** Nothing may be left out on either side before the join. */
  #full(node: Join): Step {
    const planner = new Planner([], [], this.#scope);
    const [left, right] = [planner.plan(node.left, new Set(), []), planner.plan(node.right, new Set(), [])];
    return fullJoin(left, right, node.on, slotsUnder(node.left), slotsUnder(node.right));
  }

  orderOf(node: Node): Pick<FromPlan, 'order'> {
    if (node.kind !== 'leaf' || node.source.kind !== 'virtual' || node.source.order === undefined) return {};
    return { order: { slot: node.table.slot, columns: node.source.order } };
  }

  #leaf(leaf: Leaf, known: ReadonlySet<number>, equalities: readonly Equality[]): Step {
    const { slot } = leaf.table;
    const usable = equalities.filter(
      ({ column, needs }) => column.slot === slot && [...needs].every((need) => known.has(need)),
    );
    const seek = leaf.source.kind === 'stored' ? seekBy(leaf.source, usable) : undefined;
    if (seek !== undefined) return fill(slot, seek);
    const scan = this.#scan(leaf);
    const hashable = known.size > 0 && !leaf.lateral ? usable : [];
    return fill(
      slot,
      hashable.length > 0 ? hashed(scan, hashable) : known.size > 0 && !leaf.lateral ? kept(scan) : scan,
    );
  }

  #scan({ source, table }: Leaf): RowsOf {
    if (source.kind === 'stored') {
      const { database } = source;
      return (frame) =>
        source.table.visible(database === undefined || frame.run.session.isWriterOf(database));
    }
    const bounds =
      source.order === undefined ? undefined : boundsOf(this.#conditions, table, source.order, this.#scope);
    return bounds === undefined
      ? (frame) => source.rows(frame)
      : (frame) => source.rows(frame, bounds(frame));
  }
}

type RowsOf = (frame: Frame) => Iterable<Values>;

function slotsUnder(node: Node): readonly number[] {
  return node.kind === 'leaf' ? [node.table.slot] : [...slotsUnder(node.left), ...slotsUnder(node.right)];
}

function fill(slot: number, rows: RowsOf): Step {
  return function* (frame) {
    for (const values of rows(frame)) {
      frame.slots[slot] = values;
      yield;
    }
  };
}

/** By the index whose columns are all given; of several the unique one. */
function seekBy({ table, database }: StoredTable, equalities: readonly Equality[]): RowsOf | undefined {
  const candidates = table.indexes.filter((index) =>
    index.columns.every((name) => partFor(name, table, equalities) !== undefined),
  );
  const index: Index | undefined = candidates.find((candidate) => candidate.unique) ?? candidates[0];
  if (index === undefined) return undefined;
  const parts = index.columns.map((name) => partFor(name, table, equalities) as Evaluate);
  const { keys } = index;
  return (frame) => {
    const values = parts.map((part) => part(frame));
    if (values.includes(null)) return NO_ROWS;
    const key = keys.keyOfParts(values);
    const own = database === undefined || frame.run.session.isWriterOf(database);
    const found: Values[] = [];
    for (const row of keys.at(key)) {
      const seen = own ? row.current : row.committed;
      if (seen !== undefined && keys.keyOf(seen) === key) found.push(seen);
    }
    return found;
  };
}

const NO_ROWS: readonly Values[] = [];

function partFor(
  name: string,
  table: StoredTable['table'],
  equalities: readonly Equality[],
): Evaluate | undefined {
  const position = table.position(name);
  for (const { column, other } of equalities) {
    if (column.index !== position) continue;
    const evaluate = inColumnType(column.column.type, other);
    if (evaluate !== undefined) return evaluate;
  }
  return undefined;
}

/** One hash table for each execution of the block. */
function hashed(scan: RowsOf, equalities: readonly Equality[]): RowsOf {
  const parts = equalities.map(({ column, other }) => {
    const type = commonType(column.column.type, other.type);
    const own = converter(column.column.type, type);
    const theirs = converter(other.type, type);
    return {
      own: (values: Values) => keyPart(own(values[column.index] ?? null), type),
      theirs: (frame: Frame) => keyPart(theirs(other.evaluate(frame)), type),
    };
  });
  const tables = new WeakMap<Frame, Map<string, Values[]>>();
  const build = (frame: Frame): Map<string, Values[]> => {
    const map = new Map<string, Values[]>();
    for (const values of scan(frame)) {
      const key = parts.map(({ own }) => own(values)).join('\u0000');
      const bucket = map.get(key);
      if (bucket === undefined) map.set(key, [values]);
      else bucket.push(values);
    }
    tables.set(frame, map);
    return map;
  };
  return (frame) =>
    (tables.get(frame) ?? build(frame)).get(parts.map(({ theirs }) => theirs(frame)).join('\u0000')) ??
    NO_ROWS;
}

const keyPart = (value: SqlValue, type: OutputColumn['type']): string | number => collationKey(value, type);

/** Reads once for each execution of the block. */
function kept(scan: RowsOf): RowsOf {
  const tables = new WeakMap<Frame, readonly Values[]>();
  return (frame) => {
    let rows = tables.get(frame);
    if (rows === undefined) {
      rows = [...scan(frame)];
      tables.set(frame, rows);
    }
    return rows;
  };
}

function innerJoin(left: Step, right: Step, on: Test | undefined): Step {
  return function* (frame) {
    for (const _ of left(frame)) {
      for (const _ of right(frame)) if (on === undefined || on(frame) === true) yield;
    }
  };
}

function leftJoin(left: Step, right: Step, on: Test | undefined, rightSlots: readonly number[]): Step {
  return function* (frame) {
    for (const _ of left(frame)) {
      let matched = false;
      for (const _ of right(frame)) {
        if (on !== undefined && on(frame) !== true) continue;
        matched = true;
        yield;
      }
      if (matched) continue;
      for (const slot of rightSlots) frame.slots[slot] = undefined;
      yield;
    }
  };
}

/** Reads the right side once and keeps it: rows that matched nothing come last. */
function fullJoin(
  left: Step,
  right: Step,
  on: Test | undefined,
  leftSlots: readonly number[],
  rightSlots: readonly number[],
): Step {
  return function* (frame) {
    const rights: (Values | undefined)[][] = [];
    for (const _ of right(frame)) rights.push(rightSlots.map((slot) => frame.slots[slot]));
    const place = (values: readonly (Values | undefined)[]): void =>
      rightSlots.forEach((slot, i) => (frame.slots[slot] = values[i]));
    const matched = new Set<(Values | undefined)[]>();
    for (const _ of left(frame)) {
      let any = false;
      for (const values of rights) {
        place(values);
        if (on !== undefined && on(frame) !== true) continue;
        any = true;
        matched.add(values);
        yield;
      }
      if (any) continue;
      place([]);
      yield;
    }
    for (const slot of leftSlots) frame.slots[slot] = undefined;
    for (const values of rights) {
      if (matched.has(values)) continue;
      place(values);
      yield;
    }
  };
}

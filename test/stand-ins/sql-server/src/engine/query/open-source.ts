/** What stands in a FROM besides joins: tables, table functions, derived tables and table value constructors. */
import { errors } from '../errors/errors.ts';
import type { Expression, Query, TableSource } from '../parser/ast.ts';
import { compileExpression } from './compile-expression.ts';
import type { OutputColumn } from './compiled.ts';
import { converted, meetingType } from './converted.ts';
import type { Frame } from './run.ts';
import type { Scope } from './scope.ts';
import type { TableLike, VirtualTable } from './table-like.ts';

interface Opened {
  readonly alias: string;
  readonly columns: readonly OutputColumn[];
  readonly qualifier?: readonly string[];
  readonly table: TableLike;
}

export function openSource(
  source: Exclude<TableSource, { kind: 'join' }>,
  scope: Scope,
  lateral: boolean,
): Opened {
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

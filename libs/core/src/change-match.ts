/** Which changes a transform or a route is about: `match { … }`. */
import type { ChangeEvent, ChangeMetadata, Operation } from './change-event.ts';

/** Conditions that must all hold; one that is absent always holds. */
export interface ChangeMatch {
  /** `Persons` (in dbo), `sales.*`, `dbo.Order*`; `*` is any number of characters. Case is ignored. */
  readonly tables?: readonly string[];
  readonly operations?: readonly Operation[];
  /** Columns of which an update must have changed one, ignoring case. Other operations than updates match always. */
  readonly changed?: readonly string[];
}

/** A function for one sequence of changes, which remembers the answer for the last table. */
export function changeMatcher({ tables, operations, changed }: ChangeMatch): (event: ChangeEvent) => boolean {
  const isTable = tables === undefined ? undefined : tableMatcher(tables);
  const wanted = operations && new Set<string>(operations);
  const columns = changed && new Set(changed.map((column) => column.toLowerCase()));
  return ({ metadata }) =>
    (isTable === undefined || isTable(metadata)) &&
    // A marker of a gap speaks of all changes of its table.
    (wanted === undefined || wanted.has(metadata.operation) || metadata.operation === 'gap') &&
    (columns === undefined || hasChanged(metadata, columns));
}

function hasChanged({ operation, changed }: ChangeMetadata, columns: ReadonlySet<string>): boolean {
  if (operation !== 'update' || changed === undefined) return true;
  return changed.some((column) => columns.has(column.toLowerCase()));
}

/** A table as patterns name it. */
export type NamedTable = Pick<ChangeMetadata, 'schema' | 'table'>;

/** As `changeMatcher`, for the tables alone. */
export function tableMatcher(patterns: readonly string[]): (table: NamedTable) => boolean {
  const expressions = patterns.map(expressionOf);
  // Consecutive changes are mostly of one table.
  let last: { readonly schema: string; readonly table: string; readonly matches: boolean } | undefined;
  return ({ schema, table }) => {
    if (last?.table !== table || last.schema !== schema) {
      const name = `${schema}.${table}`;
      last = { schema, table, matches: expressions.some((expression) => expression.test(name)) };
    }
    return last.matches;
  };
}

function expressionOf(pattern: string): RegExp {
  const whole = pattern === '*' ? '*.*' : pattern.includes('.') ? pattern : `dbo.${pattern}`;
  const literal = whole.split(/\*+/).map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('.*')}$`, 'is');
}

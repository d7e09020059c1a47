/** Names that an expression can use: the table sources of its block, and those of the blocks around it. */
import type { SqlType } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { CommonTable, Expression, Name, Query } from '../parser/ast.ts';
import type { Collation } from '../values/index.ts';
import type { Database } from '../storage/database.ts';
import type { Compiled, CompiledQuery, OutputColumn } from './compiled.ts';
import type { EngineFunction } from './engine-function.ts';
import type { TableLike, VirtualTable } from './table-like.ts';

export interface ScopeTable {
  /** Alias, or the name of the table. */
  readonly alias: string;
  /** [database, schema] when the table was named without an alias. */
  readonly qualifier?: Name;
  readonly columns: readonly OutputColumn[];
  readonly slot: number;
}

export interface ColumnReference {
  readonly depth: number;
  readonly slot: number;
  readonly index: number;
  readonly column: OutputColumn;
}

/** Set while the select list, HAVING and ORDER BY of a grouped block are compiled. */
export interface Grouping {
  /** The slot that holds the group's keys and aggregates. */
  readonly slot: number;
  /** undefined when the expression is neither key nor aggregate. */
  find(expression: Expression): Compiled | undefined;
}

export interface NamedQuery {
  readonly definition: CommonTable;
  /** Where the definition stands. */
  readonly scope: Scope;
}

export class Scope {
  readonly compilation: Compilation;
  readonly outer: Scope | undefined;
  readonly tables: ScopeTable[] = [];
  readonly ctes = new Map<string, NamedQuery>();
  grouping: Grouping | undefined;
  /** Finds window functions, while the select list and ORDER BY are compiled. */
  windows: Pick<Grouping, 'find'> | undefined;
  /** A name was found in a scope around this one. */
  reachesOut = false;
  #slots = 0;

  constructor(compilation: Compilation, outer: Scope | undefined) {
    this.compilation = compilation;
    this.outer = outer;
  }

  /** Names are the same by the collation of the database that the session uses. */
  get fold(): Fold {
    return this.compilation.database.collation.fold;
  }

  #isSame(a: string, b: string): boolean {
    return this.fold(a) === this.fold(b);
  }

  get collation(): Collation {
    return this.compilation.database.collation;
  }

  get slotCount(): number {
    return this.#slots;
  }

  newSlot(): number {
    return this.#slots++;
  }

  addTable(table: Omit<ScopeTable, 'slot'>): ScopeTable {
    if (
      this.tables.some(
        (other) =>
          this.#isSame(other.alias, table.alias) &&
          isSameQualifier(other.qualifier, table.qualifier, this.fold),
      )
    ) {
      throw errors.duplicateAlias(table.alias);
    }
    const added = { ...table, slot: this.newSlot() };
    this.tables.push(added);
    return added;
  }

  /** For queries that do not see the tables of this block, but run within its frame. */
  withoutTables(): Scope {
    const hidden = new Scope(this.compilation, this.outer);
    for (const [name, cte] of this.ctes) hidden.ctes.set(name, cte);
    return hidden;
  }

  findCte(name: string): NamedQuery | undefined {
    return this.ctes.get(this.fold(name)) ?? this.outer?.findCte(name);
  }

  /** Errors 207, 209 and 4104. */
  resolve(name: Name): ColumnReference {
    const found = this.#find(name, 0);
    if (found !== undefined) return found;
    throw name.length === 1 ? errors.unknownColumn(name[0] ?? '') : errors.unboundIdentifier(name);
  }

  #find(name: Name, depth: number): ColumnReference | undefined {
    const column = name[name.length - 1] ?? '';
    const qualifier = name.slice(0, -1);
    const candidates =
      qualifier.length === 0
        ? this.tables
        : this.tables.filter((table) => matches(table, qualifier, this.fold));
    let found: ColumnReference | undefined;
    for (const table of candidates) {
      const index = indexOfColumn(table.columns, column, this.collation);
      if (index === undefined) continue;
      if (found !== undefined) throw errors.ambiguousColumn(column);
      found = { depth, slot: table.slot, index, column: table.columns[index] as OutputColumn };
    }
    if (found === undefined && qualifier.length > 0 && candidates.length > 0)
      throw errors.unknownColumn(column);
    if (found !== undefined || this.outer === undefined) return found;
    const outside = this.outer.#find(name, depth + 1);
    if (outside !== undefined) this.reachesOut = true;
    return outside;
  }
}

function isSameQualifier(a: Name | undefined, b: Name | undefined, fold: Fold): boolean {
  if (a === undefined || b === undefined) return a === b;
  return fold(a.join('.')) === fold(b.join('.'));
}

/** `t.c`, `s.t.c` and `d.s.t.c`: the last part is the table, those before it its qualifier. */
export function matches(table: ScopeTable, qualifier: Name, fold: Fold): boolean {
  if (fold(table.alias) !== fold(qualifier.at(-1) ?? '')) return false;
  const rest = qualifier.slice(0, -1).filter((part) => part !== '');
  if (rest.length === 0) return true;
  if (table.qualifier === undefined) return false;
  const own = table.qualifier.slice(-rest.length);
  return rest.every((part, i) => fold(part) === fold(own[i] ?? ''));
}

type Fold = (name: string) => string;

const indexes = new WeakMap<readonly OutputColumn[], Map<string, number>>();
const exactIndexes = new WeakMap<readonly OutputColumn[], Map<string, number>>();

function indexOfColumn(
  columns: readonly OutputColumn[],
  name: string,
  { fold, caseSensitive }: Collation,
): number | undefined {
  const kept = caseSensitive ? exactIndexes : indexes;
  let index = kept.get(columns);
  if (index === undefined) {
    index = new Map();
    for (const [i, column] of columns.entries()) {
      const key = fold(column.name);
      if (index.has(key)) index.set(key, -1);
      else index.set(key, i);
    }
    kept.set(columns, index);
  }
  const found = index.get(fold(name));
  if (found === -1) throw errors.ambiguousColumn(name);
  return found;
}

/** `Query` is compiled by a function given from outside, since queries contain expressions and the reverse. */
export type CompileQuery = (query: Query, outer: Scope | undefined) => CompiledQuery;

/** What compiling one statement can ask for: the catalogue, the types of variables, and how queries are compiled. */
export interface Compilation {
  readonly database: Database;
  /** Errors 208, 229, 911, 916. `permission` is SELECT unless told. */
  table(name: Name, permission?: string): TableLike;
  /** Error 1087. */
  tableVariable(name: string): TableLike;
  /** Error 208 when there is no such table function. */
  tableFunction(name: Name, args: readonly Compiled[]): VirtualTable;
  /** The type of a variable. Error 137. */
  variable(name: string): SqlType;
  /** Functions of the engine by full name in lower case: `db_name`, `sys.fn_cdc_get_max_lsn`. */
  engineFunction(name: Name): EngineFunction | undefined;
  readonly compileQuery: CompileQuery;
}

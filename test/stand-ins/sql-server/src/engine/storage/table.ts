/** A table: its columns, its constraints, its rows and their indexes. Knows no transaction; `Writer` changes it. */
import type { SqlType } from '../interface/engine-session.ts';
import type { Expression } from '../parser/ast.ts';
import type { ColumnDefinition, ConstraintDefinition } from '../parser/table-ast.ts';
import type { Collation } from '../values/index.ts';
import type { AliasType } from './alias-type.ts';
import { KeyIndex } from './key-index.ts';
import type { Row, Values } from './row.ts';

export interface Column {
  readonly name: string;
  /** sys.columns.column_id; never used again after a drop. */
  readonly id: number;
  readonly type: SqlType;
  /** The alias type that the column is declared with. */
  readonly alias?: AliasType;
  readonly nullable: boolean;
  readonly identity?: NonNullable<ColumnDefinition['identity']>;
  readonly default?: { readonly name: string; readonly objectId: number; readonly expression: Expression };
  readonly computed?: Expression;
  readonly persisted: boolean;
}

export interface Index {
  readonly name: string;
  /** sys.indexes.index_id. */
  readonly id: number;
  readonly columns: readonly string[];
  readonly unique: boolean;
  readonly clustered: boolean;
  /** Set when a constraint made it. */
  readonly constraint?: {
    readonly kind: 'primary key' | 'unique';
    readonly objectId: number;
    readonly named: boolean;
  };
  readonly keys: KeyIndex;
}

type Check = Extract<ConstraintDefinition, { kind: 'check' }>;

export interface CheckConstraint {
  readonly name: string;
  readonly objectId: number;
  readonly definition: Check;
}

export interface ForeignKey {
  readonly name: string;
  readonly objectId: number;
  readonly table: Table;
  readonly columns: readonly string[];
  readonly referenced: Table;
  readonly referencedColumns: readonly string[];
  readonly onDelete: Extract<ConstraintDefinition, { kind: 'foreign key' }>['onDelete'];
  readonly onUpdate: Extract<ConstraintDefinition, { kind: 'foreign key' }>['onUpdate'];
  /** Finds the referencing rows. */
  readonly keys: KeyIndex;
}

export class Table {
  readonly id: number;
  readonly schema: string;
  readonly name: string;
  readonly createdMs: number;
  /** #temporary tables and table variables: no lock, no other session sees them. */
  readonly temporary: boolean;
  readonly collation: Collation;
  columns: readonly Column[] = [];
  indexes: readonly Index[] = [];
  checks: readonly CheckConstraint[] = [];
  foreignKeys: readonly ForeignKey[] = [];
  referencedBy: readonly ForeignKey[] = [];
  /** The last identity value given; undefined before the first. */
  lastIdentity: bigint | undefined;
  nextColumnId = 1;
  readonly rows = new Set<Row>();
  readonly #positions = new Map<string, number>();

  constructor(init: {
    id: number;
    schema: string;
    name: string;
    createdMs: number;
    temporary: boolean;
    collation: Collation;
  }) {
    this.collation = init.collation;
    this.id = init.id;
    this.schema = init.schema;
    this.name = init.name;
    this.createdMs = init.createdMs;
    this.temporary = init.temporary;
  }

  /** As messages name it. */
  get fullName(): string {
    return `${this.schema}.${this.name}`;
  }

  position(column: string): number | undefined {
    return this.#positions.get(this.collation.fold(column));
  }

  setColumns(columns: readonly Column[]): void {
    this.columns = columns;
    this.#positions.clear();
    columns.forEach((column, position) => this.#positions.set(this.collation.fold(column.name), position));
  }

  /** Indexes and foreign keys: everything that finds rows by key. */
  *keyIndexes(): Generator<KeyIndex> {
    for (const index of this.indexes) yield index.keys;
    for (const foreignKey of this.foreignKeys) yield foreignKey.keys;
  }

  get primaryKey(): Index | undefined {
    return this.indexes.find((index) => index.constraint?.kind === 'primary key');
  }

  makeKeys(columns: readonly string[]): KeyIndex {
    const positions = columns.map((column) => this.position(column) ?? -1);
    const keys = new KeyIndex(positions, this.collation.caseSensitive);
    for (const row of this.rows) {
      if (row.current !== undefined) keys.add(keys.keyOf(row.current), row);
      if (row.committed !== undefined && row.committed !== row.current)
        keys.add(keys.keyOf(row.committed), row);
    }
    return keys;
  }

  /** The rows that one reader sees now, as an array of its own: later commits do not disturb who reads it. */
  visible(own: boolean): Values[] {
    const seen: Values[] = [];
    for (const row of this.rows) {
      const values = own ? row.current : row.committed;
      if (values !== undefined) seen.push(values);
    }
    return seen;
  }
}

/** After rows or columns were replaced: indexes and foreign keys are made of them anew. */
export function remakeKeys(table: Table): void {
  table.indexes = table.indexes.map((index) => ({ ...index, keys: table.makeKeys(index.columns) }));
  const remade = new Map<ForeignKey, ForeignKey>();
  table.foreignKeys = table.foreignKeys.map((foreignKey) => {
    const made = { ...foreignKey, keys: table.makeKeys(foreignKey.columns) };
    remade.set(foreignKey, made);
    return made;
  });
  for (const [old, made] of remade) {
    const { referenced } = old;
    referenced.referencedBy = referenced.referencedBy.map((each) => (each === old ? made : each));
  }
}

/** By the collation of the table's database. */
export const sameName = ({ collation }: Table, a: string, b: string | undefined): boolean =>
  b !== undefined && collation.fold(a) === collation.fold(b);

/** The syntax tree of tables as CREATE TABLE and ALTER TABLE define them. */
import type { SqlType } from '../interface/engine-session.ts';
import type { Expression, Name } from './ast.ts';

export interface ColumnDefinition {
  readonly name: string;
  /** Undefined for a computed column, and for one of an alias type. */
  readonly type?: SqlType;
  readonly alias?: Name;
  readonly computed?: Expression;
  readonly persisted: boolean;
  readonly nullable?: boolean;
  readonly identity?: { readonly seed: bigint; readonly increment: bigint };
  readonly default?: { readonly name?: string; readonly expression: Expression };
  readonly collation?: string;
  readonly constraints: readonly ConstraintDefinition[];
}

export type ReferentialAction = 'no action' | 'cascade' | 'set null' | 'set default';

export type ConstraintDefinition =
  | {
      readonly kind: 'primary key' | 'unique';
      readonly name?: string;
      readonly columns: readonly string[];
      readonly clustered?: boolean;
    }
  | {
      readonly kind: 'foreign key';
      readonly name?: string;
      readonly columns: readonly string[];
      readonly table: Name;
      readonly referenced: readonly string[];
      readonly onDelete: ReferentialAction;
      readonly onUpdate: ReferentialAction;
    }
  | { readonly kind: 'check'; readonly name?: string; readonly expression: Expression; readonly text: string }
  | {
      readonly kind: 'default';
      readonly name?: string;
      readonly column: string;
      readonly expression: Expression;
    };

export interface TableDefinition {
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly ConstraintDefinition[];
}

export type AlterAction =
  | {
      readonly kind: 'add';
      readonly columns: readonly ColumnDefinition[];
      readonly constraints: readonly ConstraintDefinition[];
    }
  | { readonly kind: 'dropColumns'; readonly columns: readonly string[]; readonly ifExists: boolean }
  | { readonly kind: 'dropConstraints'; readonly names: readonly string[]; readonly ifExists: boolean }
  | {
      readonly kind: 'alterColumn';
      readonly column: string;
      readonly type?: SqlType;
      readonly alias?: Name;
      readonly nullable?: boolean;
    };

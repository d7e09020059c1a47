/** The syntax tree of INSERT, UPDATE, DELETE and MERGE. */
import type {
  AssignOperator,
  CommonTable,
  Expression,
  Name,
  Query,
  SelectItem,
  TableSource,
  Top,
} from './ast.ts';
import type { ExecuteStatement } from './execute-ast.ts';

export interface Assignment {
  /** A column, or with a leading `@` a variable. */
  readonly target: string;
  readonly op: AssignOperator;
  readonly value: Expression;
}

export interface Output {
  readonly items: readonly SelectItem[];
  readonly into?: Name;
}

export interface Lined {
  readonly line: number;
}

export interface InsertStatement extends Lined {
  readonly kind: 'insert';
  readonly ctes: readonly CommonTable[];
  readonly table: Name;
  readonly columns?: readonly string[];
  readonly source:
    | { readonly kind: 'rows'; readonly rows: readonly (readonly Expression[])[] }
    | { readonly kind: 'query'; readonly query: Query }
    | { readonly kind: 'execute'; readonly execute: ExecuteStatement }
    | { readonly kind: 'defaults' };
  readonly output?: Output;
}

export interface UpdateStatement extends Lined {
  readonly kind: 'update';
  readonly ctes: readonly CommonTable[];
  readonly top?: Top;
  readonly target: Name;
  readonly assignments: readonly Assignment[];
  readonly output?: Output;
  readonly from: readonly TableSource[];
  readonly where?: Expression;
}

export interface MergeClause {
  readonly when: 'matched' | 'not matched' | 'not matched by source';
  readonly condition?: Expression;
  readonly action:
    | { readonly kind: 'update'; readonly assignments: readonly Assignment[] }
    | { readonly kind: 'delete' }
    | {
        readonly kind: 'insert';
        readonly columns?: readonly string[];
        readonly values: readonly Expression[];
      };
}

export interface MergeStatement extends Lined {
  readonly kind: 'merge';
  readonly ctes: readonly CommonTable[];
  readonly target: Name;
  readonly alias?: string;
  readonly source: TableSource;
  readonly on: Expression;
  readonly clauses: readonly MergeClause[];
  readonly output?: Output;
}

export interface DeleteStatement extends Lined {
  readonly kind: 'delete';
  readonly ctes: readonly CommonTable[];
  readonly top?: Top;
  readonly target: Name;
  readonly output?: Output;
  readonly from: readonly TableSource[];
  readonly where?: Expression;
}

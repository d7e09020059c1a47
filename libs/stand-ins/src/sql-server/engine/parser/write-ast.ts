/** The syntax tree of INSERT, UPDATE and DELETE. */
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

export interface DeleteStatement extends Lined {
  readonly kind: 'delete';
  readonly ctes: readonly CommonTable[];
  readonly top?: Top;
  readonly target: Name;
  readonly output?: Output;
  readonly from: readonly TableSource[];
  readonly where?: Expression;
}

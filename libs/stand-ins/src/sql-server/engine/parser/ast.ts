/** The syntax tree that the parser makes of a batch. Plain data; statements carry the line they begin on. */
import type { SqlType, SqlValue } from '../engine-session.ts';

/** One to four parts, as written: [server.][database.][schema.]name. An omitted part is an empty string. */
export type Name = readonly string[];

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^';
export type CompareOperator = '=' | '<>' | '<' | '>' | '<=' | '>=';

export type Expression =
  | { readonly kind: 'literal'; readonly type: SqlType; readonly value: SqlValue }
  | { readonly kind: 'variable'; readonly name: string; readonly line: number }
  | { readonly kind: 'systemVariable'; readonly name: string; readonly line: number }
  | { readonly kind: 'column'; readonly name: Name; readonly line: number }
  | { readonly kind: 'default' }
  | { readonly kind: 'unary'; readonly op: '-' | '+' | '~'; readonly operand: Expression }
  | {
      readonly kind: 'arithmetic';
      readonly op: ArithmeticOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'compare';
      readonly op: CompareOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'logical';
      readonly op: 'and' | 'or';
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'isNull'; readonly operand: Expression; readonly negated: boolean }
  | {
      readonly kind: 'in';
      readonly operand: Expression;
      readonly list: readonly Expression[];
      readonly negated: boolean;
    }
  | {
      readonly kind: 'inQuery';
      readonly operand: Expression;
      readonly query: Query;
      readonly negated: boolean;
    }
  | { readonly kind: 'exists'; readonly query: Query }
  | {
      readonly kind: 'like';
      readonly operand: Expression;
      readonly pattern: Expression;
      readonly escape?: Expression;
      readonly negated: boolean;
    }
  | { readonly kind: 'case'; readonly branches: readonly CaseBranch[]; readonly otherwise?: Expression }
  | {
      readonly kind: 'cast';
      readonly operand: Expression;
      readonly type: SqlType;
      readonly style?: Expression;
      readonly attempt: boolean;
    }
  | FunctionCall
  | { readonly kind: 'method'; readonly operand: Expression; readonly name: string; readonly line: number }
  | { readonly kind: 'scalarQuery'; readonly query: Query };

export interface CaseBranch {
  readonly when: Expression;
  readonly result: Expression;
}

export interface FunctionCall {
  readonly kind: 'call';
  readonly name: Name;
  readonly args: readonly Expression[];
  /** COUNT(*). */
  readonly star: boolean;
  readonly distinct: boolean;
  readonly over?: Over;
  /** STRING_AGG(…) WITHIN GROUP (ORDER BY …). */
  readonly withinGroup?: readonly OrderItem[];
  readonly line: number;
}

export interface Over {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
}

export interface OrderItem {
  readonly expression: Expression;
  readonly descending: boolean;
}

export interface Query {
  readonly ctes: readonly CommonTable[];
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  readonly offset?: Expression;
  readonly fetch?: Expression;
  readonly line: number;
}

export interface CommonTable {
  readonly name: string;
  readonly columns?: readonly string[];
  readonly query: Query;
}

export type QueryBody = SelectBlock | SetOperation;

export interface SetOperation {
  readonly kind: 'set';
  readonly op: 'union' | 'union all' | 'except' | 'intersect';
  readonly left: QueryBody;
  readonly right: QueryBody;
}

export interface SelectBlock {
  readonly kind: 'select';
  readonly distinct: boolean;
  readonly top?: Top;
  readonly items: readonly SelectItem[];
  readonly into?: Name;
  readonly from: readonly TableSource[];
  readonly where?: Expression;
  readonly groupBy: readonly Expression[];
  readonly having?: Expression;
  readonly line: number;
}

export interface Top {
  readonly count: Expression;
  readonly percent: boolean;
}

export type AssignOperator = '=' | '+=' | '-=' | '*=' | '/=' | '%=' | '&=' | '|=' | '^=';

export type SelectItem =
  | { readonly kind: 'star'; readonly qualifier?: Name }
  | { readonly kind: 'value'; readonly expression: Expression; readonly alias?: string }
  | {
      readonly kind: 'assign';
      readonly variable: string;
      readonly op: AssignOperator;
      readonly expression: Expression;
    };

export type JoinKind = 'inner' | 'left' | 'right' | 'full' | 'cross' | 'cross apply' | 'outer apply';

export type TableSource =
  | { readonly kind: 'table'; readonly name: Name; readonly alias?: string; readonly line: number }
  | { readonly kind: 'tableVariable'; readonly name: string; readonly alias?: string; readonly line: number }
  | {
      readonly kind: 'function';
      readonly name: Name;
      readonly args: readonly Expression[];
      readonly alias?: string;
      readonly columns?: readonly string[];
      readonly line: number;
    }
  | {
      readonly kind: 'derived';
      readonly query: Query;
      readonly alias: string;
      readonly columns?: readonly string[];
    }
  | {
      readonly kind: 'values';
      readonly rows: readonly (readonly Expression[])[];
      readonly alias: string;
      readonly columns: readonly string[];
    }
  | {
      readonly kind: 'join';
      readonly join: JoinKind;
      readonly left: TableSource;
      readonly right: TableSource;
      readonly on?: Expression;
    };

export interface Assignment {
  /** A column, or with a leading `@` a variable. */
  readonly target: string;
  readonly op: AssignOperator;
  readonly value: Expression;
}

export interface TableTarget {
  readonly name: Name;
  readonly line: number;
}

export interface Output {
  readonly items: readonly SelectItem[];
  readonly into?: Name;
}

export interface ColumnDefinition {
  readonly name: string;
  /** Undefined for a computed column. */
  readonly type?: SqlType;
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

export interface Argument {
  /** With its `@`; undefined when given by place. */
  readonly name?: string;
  readonly value: Expression;
  readonly output: boolean;
}

interface Lined {
  readonly line: number;
}

export type Statement = Lined &
  (
    | { readonly kind: 'query'; readonly query: Query }
    | InsertStatement
    | UpdateStatement
    | DeleteStatement
    | {
        readonly kind: 'declare';
        readonly name: string;
        readonly type: SqlType;
        readonly initial?: Expression;
      }
    | { readonly kind: 'declareTable'; readonly name: string; readonly table: TableDefinition }
    | { readonly kind: 'set'; readonly name: string; readonly op: AssignOperator; readonly value: Expression }
    | { readonly kind: 'setOption'; readonly options: readonly string[]; readonly value: string }
    | { readonly kind: 'setIdentityInsert'; readonly table: Name; readonly on: boolean }
    | { readonly kind: 'setIsolation'; readonly level: string }
    | {
        readonly kind: 'if';
        readonly condition: Expression;
        readonly body: Statement;
        readonly otherwise?: Statement;
      }
    | { readonly kind: 'while'; readonly condition: Expression; readonly body: Statement }
    | { readonly kind: 'block'; readonly statements: readonly Statement[] }
    | { readonly kind: 'break' | 'continue' }
    | { readonly kind: 'return'; readonly value?: Expression }
    | { readonly kind: 'print'; readonly value: Expression }
    | {
        readonly kind: 'raiserror';
        readonly args: readonly Expression[];
        readonly options: readonly string[];
      }
    | { readonly kind: 'throw'; readonly args: readonly Expression[] }
    | { readonly kind: 'try'; readonly body: Statement; readonly handler: Statement }
    | { readonly kind: 'waitfor'; readonly delay: Expression }
    | {
        readonly kind: 'execute';
        readonly procedure: Name;
        readonly args: readonly Argument[];
        readonly returns?: string;
      }
    | { readonly kind: 'executeText'; readonly text: Expression }
    | { readonly kind: 'use'; readonly database: string }
    | { readonly kind: 'begin' | 'commit' | 'rollback' | 'save'; readonly name: string }
    | { readonly kind: 'createDatabase'; readonly name: string }
    | { readonly kind: 'createSchema'; readonly name: string }
    | { readonly kind: 'dropDatabase'; readonly names: readonly string[]; readonly ifExists: boolean }
    | { readonly kind: 'dropSchema'; readonly names: readonly string[]; readonly ifExists: boolean }
    | { readonly kind: 'alterDatabase'; readonly name: string; readonly option: string }
    | { readonly kind: 'createTable'; readonly name: Name; readonly table: TableDefinition }
    | { readonly kind: 'dropTable'; readonly names: readonly Name[]; readonly ifExists: boolean }
    | { readonly kind: 'alterTable'; readonly name: Name; readonly action: AlterAction }
    | {
        readonly kind: 'createIndex';
        readonly name: string;
        readonly table: Name;
        readonly columns: readonly string[];
        readonly unique: boolean;
        readonly clustered: boolean;
      }
    | { readonly kind: 'dropIndex'; readonly name: string; readonly table: Name; readonly ifExists: boolean }
    | { readonly kind: 'truncate'; readonly table: Name }
    | { readonly kind: 'principal'; readonly what: 'login' | 'user' | 'role'; readonly name: string }
    | { readonly kind: 'permission'; readonly action: 'grant' | 'revoke' | 'deny' }
  );

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
      readonly type: SqlType;
      readonly nullable?: boolean;
    };

/** The syntax tree of expressions and of queries: each contains the other. Plain data. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';

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
  | MethodCall
  | { readonly kind: 'scalarQuery'; readonly query: Query };

/** A method or, without parentheses, a property of a value of hierarchyid, geometry or geography. */
export interface MethodCall {
  readonly kind: 'method';
  readonly operand: Expression;
  readonly name: string;
  readonly args: readonly Expression[];
  readonly property: boolean;
  readonly line: number;
}

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

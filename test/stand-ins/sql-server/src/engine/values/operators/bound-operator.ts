import type { SqlType, SqlValue } from '../../interface/engine-session.ts';

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^';

/** An operator whose operand types are fixed. */
export interface BoundOperator {
  readonly type: SqlType;
  readonly apply: (a: SqlValue, b: SqlValue) => SqlValue;
}

const operatorNames: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'modulo',
  '&': "'&'",
  '|': "'|'",
  '^': "'^'",
};

/** As SQL Server's messages call it. */
export const operatorName = (op: string): string => operatorNames[op] ?? op;

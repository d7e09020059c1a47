import type { SqlType, SqlValue } from '../../engine-session.ts';

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^';

/** An operator whose operand types are fixed. */
export interface BoundOperator {
  readonly type: SqlType;
  readonly apply: (a: SqlValue, b: SqlValue) => SqlValue;
}

/** As SQL Server's messages call them. */
export const operatorNames: Readonly<Record<ArithmeticOp, string>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'modulo',
  '&': "'&'",
  '|': "'|'",
  '^': "'^'",
};

/** The declarations of sp_executesql: `@a int, @b nvarchar(10) = N'x', @c int OUTPUT`. */
import type { SqlType } from '../interface/engine-session.ts';
import type { Expression } from './ast.ts';
import { Cursor } from './cursor.ts';
import { grammar } from './grammar.ts';
import { parseExpression } from './parse-expression.ts';
import { parseType } from './parse-type.ts';

export interface DeclaredParameter {
  readonly name: string;
  readonly type: SqlType;
  readonly initial?: Expression;
  readonly output: boolean;
}

export function parseParameters(text: string): readonly DeclaredParameter[] {
  const cursor = new Cursor(text, grammar);
  if (cursor.atEnd) return [];
  const parameters = cursor.separated((): DeclaredParameter => {
    const name = cursor.variable();
    cursor.accept('AS');
    const type = parseType(cursor);
    const initial = cursor.accept('=') ? { initial: parseExpression(cursor) } : {};
    return { name, type, ...initial, output: cursor.acceptOne('OUTPUT', 'OUT') !== undefined };
  });
  if (!cursor.atEnd) cursor.fail();
  return parameters;
}

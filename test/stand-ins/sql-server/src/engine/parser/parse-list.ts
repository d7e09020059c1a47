/** Lists and parentheses that many rules share. */
import type { Expression, OrderItem } from './ast.ts';
import type { Cursor } from './cursor.ts';

export function parseOrderItems(cursor: Cursor): OrderItem[] {
  return cursor.separated(() => {
    const expression = cursor.parseExpression(cursor);
    const descending = cursor.accept('DESC');
    if (!descending) cursor.accept('ASC');
    return { expression, descending };
  });
}

export function parseArguments(cursor: Cursor): readonly Expression[] {
  if (cursor.accept('(', ')')) return [];
  return cursor.list(() => cursor.parseExpression(cursor));
}

export function parenthesised<T>(cursor: Cursor, inner: () => T): T {
  cursor.expect('(');
  const result = inner();
  cursor.expect(')');
  return result;
}

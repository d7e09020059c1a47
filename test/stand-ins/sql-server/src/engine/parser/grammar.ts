/** The two rules of the grammar that contain each other. */
import type { Grammar } from './cursor.ts';
import { parseExpression } from './parse-expression.ts';
import { parseQuery } from './parse-query.ts';

export const grammar: Grammar = { parseQuery, parseExpression };

/** Literals and their types (Transact-SQL reference, "Constants"). */
import type { SqlType } from '../interface/engine-session.ts';
import { throughCodePage } from '../values/basic/code-page.ts';
import type { Expression } from './ast.ts';
import type { Cursor } from './cursor.ts';
import type { Token } from './lexer.ts';

/** NULL has a type of its own so that the expression around it can decide; outside of one it is an int. */
export const NULL_TYPE: SqlType = { name: 'int' };
export const NULL_LITERAL: Expression = { kind: 'literal', type: NULL_TYPE, value: null };

export function parseLiteral(cursor: Cursor): Expression | undefined {
  const token = cursor.current;
  const literal =
    token.kind === 'word'
      ? token.upper === 'NULL'
        ? NULL_LITERAL
        : undefined
      : READERS[token.kind]?.(token.text);
  if (literal !== undefined) cursor.next();
  return literal;
}

const READERS: Partial<Record<Token['kind'], (text: string) => Expression>> = {
  string: (text) => ({
    kind: 'literal',
    type: sized('varchar', text.length, 8000),
    value: throughCodePage(text),
  }),
  nstring: (text) => ({ kind: 'literal', type: sized('nvarchar', text.length, 4000), value: text }),
  integer: integerLiteral,
  decimal: (text) => decimalLiteral(text),
  float: (text) => ({
    kind: 'literal',
    type: { name: 'float' },
    value: Number(/[eE][+-]?$/.test(text) ? `${text}0` : text),
  }),
  money: (text) => moneyLiteral(text.slice(1)),
  binary: (text) => binaryLiteral(text.slice(2)),
};

function sized(name: 'varchar' | 'nvarchar' | 'varbinary', length: number, most: number): SqlType {
  return { name, length: length > most ? 'max' : Math.max(1, length) };
}

/** An integer constant beyond int is a numeric, not a bigint. */
function integerLiteral(text: string): Expression {
  const value = BigInt(text);
  if (value <= 2147483647n) return { kind: 'literal', type: { name: 'int' }, value: Number(value) };
  return decimalLiteral(`${text}.`);
}

function decimalLiteral(text: string): Expression {
  const [whole = '', fraction = ''] = text.split('.');
  const unscaled = BigInt(`${whole}${fraction}` || '0');
  const digits = `${whole.replace(/^0+/, '')}${fraction}`.length;
  const type: SqlType = {
    name: 'numeric',
    precision: Math.max(1, digits, fraction.length),
    scale: fraction.length,
  };
  return { kind: 'literal', type, value: { unscaled, scale: fraction.length } };
}

function moneyLiteral(text: string): Expression {
  const [whole = '', fraction = ''] = text.split('.');
  const unscaled = BigInt(`${whole}${fraction.padEnd(4, '0').slice(0, 4)}` || '0');
  return { kind: 'literal', type: { name: 'money' }, value: { unscaled, scale: 4 } };
}

function binaryLiteral(hex: string): Expression {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  const value = Uint8Array.from(Buffer.from(even, 'hex'));
  return { kind: 'literal', type: sized('varbinary', value.length, 8000), value };
}

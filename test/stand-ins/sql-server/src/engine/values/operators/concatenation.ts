/** + between texts or between byte strings ("String concatenation": lengths add up to the largest of the type). */
import type { SqlType } from '../../interface/engine-session.ts';
import { fitText } from '../conversions/to-character.ts';
import { isBinary, isUnicode } from '../basic/type-facts.ts';
import type { BoundOperator } from './bound-operator.ts';

export function concatenation(a: SqlType, b: SqlType): BoundOperator {
  return isBinary(a) ? bytes(a, b) : text(a, b);
}

function text(a: SqlType, b: SqlType): BoundOperator {
  const unicode = isUnicode(a) || isUnicode(b);
  const type: SqlType = {
    name: unicode ? 'nvarchar' : 'varchar',
    length: summedLength(a, b, unicode ? 4000 : 8000),
  };
  const fit = fitText(type, (value, length) => value.slice(0, length));
  return { type, apply: (x, y) => fit((x as string) + (y as string)) };
}

function bytes(a: SqlType, b: SqlType): BoundOperator {
  const length = summedLength(a, b, 8000);
  const most = length === 'max' ? Infinity : length;
  return {
    type: { name: 'varbinary', length },
    apply: (x, y) => joined(x as Uint8Array, y as Uint8Array).slice(0, most),
  };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** A type without a length (text, xml, image, timestamp) counts as max. */
function summedLength(a: SqlType, b: SqlType, most: number): number | 'max' {
  const left = a.name === 'timestamp' ? 8 : (a.length ?? 'max');
  const right = b.name === 'timestamp' ? 8 : (b.length ?? 'max');
  return left === 'max' || right === 'max' ? 'max' : Math.min(most, left + right);
}

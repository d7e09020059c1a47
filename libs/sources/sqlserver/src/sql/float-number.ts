/** Floating point values as JSON numbers: what a reader makes of the text is the value that SQL Server holds. */
import type { Value } from '@dstream/core';

/** Digits that a decimal text keeps through a real and back, and that tell every real from its neighbours. */
const keptDigits = 6;
const tellingDigits = 9;
const leastNormal = 2 ** -126;

/** JSON has no number for NaN and the infinities: they are texts, as in protobuf's JSON. Only old bulk loads made such. */
export function floatNumber(value: number): Value {
  return Number.isFinite(value) ? value : String(value);
}

/**
 * The driver widens a real to a double: 1.1 becomes 1.10000002384185791015625. This is the double of the shortest text that
 * is still this real and no other.
 */
export function realNumber(value: number): Value {
  if (Number.isInteger(value) && Math.abs(value) <= 2 ** 24) return value;
  if (!Number.isFinite(value)) return String(value);
  // A subnormal has fewer digits, so the first of them may be enough.
  for (let digits = Math.abs(value) < leastNormal ? 1 : keptDigits; digits < tellingDigits; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(tellingDigits));
}

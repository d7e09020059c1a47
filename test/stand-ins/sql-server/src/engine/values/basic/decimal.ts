/** Exact decimals on bigint: scaling with rounding half away from zero, digits, text. */
import type { SqlDecimal } from '../../interface/engine-session.ts';

const powers: bigint[] = [1n];

export function powerOfTen(exponent: number): bigint {
  for (let i = powers.length; i <= exponent; i++) powers.push((powers[i - 1] ?? 1n) * 10n);
  return powers[exponent] ?? 10n ** BigInt(exponent);
}

/** Division of integers rounding half away from zero, as SQL Server rounds exact numbers. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  if (rest === 0n) return quotient;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice < (divisor < 0n ? -divisor : divisor)) return quotient;
  return dividend < 0n === divisor < 0n ? quotient + 1n : quotient - 1n;
}

/** The unscaled value at another scale; digits that are lost are rounded. */
export function unscaledAt(value: SqlDecimal, scale: number): bigint {
  if (value.scale === scale) return value.unscaled;
  if (value.scale < scale) return value.unscaled * powerOfTen(scale - value.scale);
  return divideRounded(value.unscaled, powerOfTen(value.scale - scale));
}

/** The unscaled value at another scale; digits that are lost are cut off. */
export function truncatedAt(value: SqlDecimal, scale: number): bigint {
  if (value.scale <= scale) return value.unscaled * powerOfTen(scale - value.scale);
  return value.unscaled / powerOfTen(value.scale - scale);
}

export const fitsPrecision = (unscaled: bigint, precision: number): boolean => {
  const limit = powerOfTen(precision);
  return unscaled < limit && unscaled > -limit;
};

/** Plain digits with exactly `scale` of them after the point; no point at scale 0. */
export function decimalText(value: SqlDecimal): string {
  const { unscaled, scale } = value;
  if (scale === 0) return unscaled.toString();
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${negative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const decimalPattern = /^([+-]?)(\d*)(?:\.(\d*))?$/;

/** Undefined when the text is no plain decimal number. Blanks around it are ignored. */
export function parseDecimal(text: string): SqlDecimal | undefined {
  const match = decimalPattern.exec(text.trim());
  if (!match) return undefined;
  const whole = match[2] ?? '';
  const fraction = match[3] ?? '';
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(whole + fraction);
  return { unscaled: match[1] === '-' ? -digits : digits, scale: fraction.length };
}

export const decimalToNumber = (value: SqlDecimal): number =>
  value.scale === 0 ? Number(value.unscaled) : Number(decimalText(value));

/** Exactly what the double holds, to 17 significant digits, at `scale`, rounded half away from zero. */
export function decimalFromNumber(value: number, scale: number): SqlDecimal {
  const [mantissa = '0', exponent = '0'] = value.toExponential(16).split('e');
  const digits = BigInt(mantissa.replace('.', ''));
  const shift = Number(exponent) - 16 + scale;
  const unscaled = shift >= 0 ? digits * powerOfTen(shift) : divideRounded(digits, powerOfTen(-shift));
  return { unscaled, scale };
}

/** Without zeros at the end of the fraction, so that equal numbers have equal forms. */
export function normalised(value: SqlDecimal): SqlDecimal {
  let { unscaled, scale } = value;
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale--;
  }
  return { unscaled, scale };
}

export function compareDecimals(a: SqlDecimal, b: SqlDecimal): number {
  const scale = Math.max(a.scale, b.scale);
  const left = unscaledAt(a, scale);
  const right = unscaledAt(b, scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

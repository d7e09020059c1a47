/** float and real as text ("CAST and CONVERT", float and real styles). */
import { valueErrors } from '../../errors/value-errors.ts';

/** `1.5e+003`: SQL Server writes the exponent with three digits. */
function scientific(value: number, digits: number): string {
  const [mantissa = '0', exponent = '+0'] = value.toExponential(digits - 1).split('e');
  const sign = Object.is(value, -0) ? '-' : '';
  return `${sign}${mantissa}e${exponent.charAt(0)}${exponent.slice(1).padStart(3, '0')}`;
}

/** Style 0: at most six digits, scientific only where needed. */
function shortest(value: number): string {
  if (value === 0) return '0';
  const [mantissa = '0', exponent = '0'] = value.toExponential(5).split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
    return `${short}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(3, '0')}`;
  }
  const plain = value.toFixed(5 - power);
  return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain;
}

/** Styles 0 (six digits), 1 (eight, scientific), 2 (sixteen), 3 (seventeen, lossless); else error 281. */
export function floatText(style: number, type: string): (value: number) => string {
  if (style === 0) return shortest;
  if (style === 1) return (value) => scientific(value, 8);
  if (style === 2) return (value) => scientific(value, 16);
  if (style === 3) return (value) => scientific(value, 17);
  throw valueErrors.styleInvalid(style, type);
}

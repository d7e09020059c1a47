/** Decimal text as a JavaScript number, where that loses nothing. */
const decimal = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d{1,6}))?$/i;

/** The number that prints the digits of the text, whatever zeros and exponent it is written with. Undefined where there is none. */
export function exactNumber(text: string): number | undefined {
  const digits = digitsOf(text);
  if (digits === undefined) return undefined;
  const number = Number(text);
  return digitsOf(String(number)) === digits ? number : undefined;
}

/** Whether it is a decimal number, exact or not. */
export function isNumber(text: string): boolean {
  return digitsOf(text) !== undefined;
}

/** Sign, significant digits and exponent: the same for `12.50`, `+12.5` and `1250e-2`. */
function digitsOf(text: string): string | undefined {
  const [, sign, whole = '', fraction = '', exponent = '0'] = decimal.exec(text) ?? [];
  const all = whole + fraction;
  if (all === '') return undefined;
  const significant = all.replace(/^0+/, '').replace(/0+$/, '');
  if (significant === '') return '0';
  const trailing = all.length - all.replace(/0+$/, '').length;
  return `${sign === '-' ? '-' : ''}${significant}e${Number(exponent) - fraction.length + trailing}`;
}

/** ISO 8601 of what style 121 gives: that has a space where ISO 8601 has a T, and another before the offset. */
export function isoOf121(text: string): string {
  return text.replace(' ', 'T').replace(' ', '');
}

/** Leaves `scale` of the seven digits that a second has here. */
export function withScale(text: string, scale: number): string {
  return text.replace(/\.\d{7}/, (fraction) => (scale === 0 ? '' : fraction.slice(0, scale + 1)));
}

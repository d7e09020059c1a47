/**
 * hierarchyid: the text form ("hierarchyid data type method reference") and the binary form ([MS-SSCLRT], SqlHierarchyId
 * binary format). A level is one or more ordinals with dots between them; each ordinal is written by the pattern of its
 * range: fixed bits, `x` for the bits of its distance from the least of the range, and at the end 1 for the last ordinal
 * of a level, 0 before a dot, where the ordinal is kept one larger so that `/1/` < `/1.1/` < `/2/` as bytes.
 */

interface Pattern {
  readonly least: bigint;
  readonly most: bigint;
  readonly bits: string;
}

const pattern = (least: bigint, most: bigint, bits: string): Pattern => ({ least, most, bits });

const PATTERNS: readonly Pattern[] = [
  pattern(0n, 3n, '01xx'),
  pattern(4n, 7n, '100xx'),
  pattern(8n, 15n, '101xxx'),
  pattern(16n, 79n, '110xx0x1xxx'),
  pattern(80n, 1103n, '1110xxx0xxx0x1xxx'),
  pattern(1104n, 5199n, '11110xxxxx0xxx0x1xxx'),
  pattern(5200n, 4_294_972_495n, '111110xxxxxxxxxxxxxxxxxxx0xxxxxx0xxx0x1xxx'),
  pattern(
    4_294_972_496n,
    281_479_271_683_151n,
    '111111xxxxxxxxxxxxxx0xxxxxxxxxxxxxxxxxxxxx0xxxxxx0xxx0x1xxx',
  ),
  pattern(-8n, -1n, '00111xxx'),
  pattern(-72n, -9n, '0010xx0x1xxx'),
  pattern(-4168n, -73n, '000110xxxxx0xxx0x1xxx'),
  pattern(-4_294_971_464n, -4169n, '000101xxxxxxxxxxxxxxxxxxx0xxxxxx0xxx0x1xxx'),
  pattern(
    -281_479_271_682_120n,
    -4_294_971_465n,
    '000100xxxxxxxxxxxxxx0xxxxxxxxxxxxxxxxxxxxx0xxxxxx0xxx0x1xxx',
  ),
];

/** Levels from the root down, each of its ordinals. The root has none. */
export type HierarchyPath = readonly (readonly bigint[])[];

/** "hierarchyid" (Remarks): at most 892 bytes. */
const MOST_BYTES = 892;

/** Undefined for what is no path: it begins and ends with a slash, between slashes are whole numbers with dots. */
export function parseHierarchyPath(text: string): HierarchyPath | undefined {
  if (text === '/') return [];
  if (!/^\/(?:-?\d{1,15}(?:\.-?\d{1,15})*\/)+$/.test(text)) return undefined;
  return text
    .slice(1, -1)
    .split('/')
    .map((level) => level.split('.').map(BigInt));
}

export const hierarchyPathText = (path: HierarchyPath): string =>
  `/${path.map((level) => `${level.join('.')}/`).join('')}`;

/** Undefined when an ordinal lies outside of all ranges or the whole is too long. */
export function encodeHierarchyPath(path: HierarchyPath): Uint8Array | undefined {
  let bits = '';
  for (const level of path) {
    for (const [i, ordinal] of level.entries()) {
      const isLast = i === level.length - 1;
      const written = ordinalBits(isLast ? ordinal : ordinal + 1n);
      if (written === undefined) return undefined;
      bits += `${written}${isLast ? '1' : '0'}`;
    }
  }
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (let i = 0; i < bits.length; i++)
    if (bits[i] === '1') bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (0x80 >> (i & 7));
  return bytes.length > MOST_BYTES ? undefined : bytes;
}

function ordinalBits(ordinal: bigint): string | undefined {
  const found = PATTERNS.find(({ least, most }) => ordinal >= least && ordinal <= most);
  if (found === undefined) return undefined;
  const width = found.bits.replaceAll(/[01]/g, '').length;
  const value = (ordinal - found.least).toString(2).padStart(width, '0');
  let at = 0;
  return found.bits.replaceAll('x', () => value.charAt(at++));
}

/** Undefined for bytes that no path has. */
export function decodeHierarchyPath(bytes: Uint8Array): HierarchyPath | undefined {
  let rest = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  const path: bigint[][] = [];
  let level: bigint[] = [];
  while (rest.includes('1')) {
    const read = readOrdinal(rest);
    if (read === undefined) return undefined;
    level.push(read.isLast ? read.ordinal : read.ordinal - 1n);
    if (read.isLast) {
      path.push(level);
      level = [];
    }
    rest = rest.slice(read.length);
  }
  return level.length === 0 ? path : undefined;
}

function readOrdinal(bits: string): { ordinal: bigint; isLast: boolean; length: number } | undefined {
  for (const { least, bits: shape } of PATTERNS) {
    const end = bits[shape.length];
    if (end === undefined || !fits(shape, bits)) continue;
    const value = Array.from(shape, (mark, i) => (mark === 'x' ? bits.charAt(i) : '')).join('');
    return { ordinal: least + BigInt(`0b${value}`), isLast: end === '1', length: shape.length + 1 };
  }
  return undefined;
}

function fits(shape: string, bits: string): boolean {
  for (let i = 0; i < shape.length; i++) if (shape[i] !== 'x' && shape[i] !== bits[i]) return false;
  return true;
}

/** Well-known text of geometry and geography (OGC Simple Features), with the Z and M that SQL Server adds. */
import { SHAPE_KINDS, type Shape, type ShapeKind, type SpatialPoint } from './spatial.ts';

const TOKEN = /\s*([A-Za-z]+|[(),]|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y;

/** Undefined when the text is no shape that the type can hold. */
export function parseWellKnownText(text: string): Shape | undefined {
  const tokens = tokensOf(text.trim());
  if (tokens === undefined) return undefined;
  const reader = new Reader(tokens);
  const shape = reader.shape();
  return shape !== undefined && reader.atEnd ? shape : undefined;
}

function tokensOf(text: string): string[] | undefined {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) return undefined;
    tokens.push(token.toUpperCase());
  }
  return tokens;
}

const PART_OF: Readonly<Partial<Record<ShapeKind, ShapeKind>>> = {
  MULTIPOINT: 'POINT',
  MULTILINESTRING: 'LINESTRING',
  MULTIPOLYGON: 'POLYGON',
};

/** Every method gives undefined for what is not there; then nothing more is read. */
class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  shape(): Shape | undefined {
    const kind = SHAPE_KINDS.find((name) => name === this.#tokens[this.#at]);
    if (kind === undefined) return undefined;
    this.#at++;
    return this.#body(kind);
  }

  #body(kind: ShapeKind): Shape | undefined {
    if (this.#accept('EMPTY')) return { kind, figures: [], parts: [] };
    if (kind === 'GEOMETRYCOLLECTION') return this.#parts(kind, () => this.shape());
    const part = PART_OF[kind];
    if (part === 'POINT') return this.#parts(kind, () => this.#pointPart());
    if (part !== undefined) return this.#parts(kind, () => this.#body(part));
    const figures =
      kind === 'POLYGON' ? this.#list(() => this.#list(() => this.#point())) : this.#oneFigure(kind);
    return figures && isPossible(kind, figures) ? { kind, figures, parts: [] } : undefined;
  }

  #parts(kind: ShapeKind, item: () => Shape | undefined): Shape | undefined {
    const parts = this.#list(item);
    return parts && { kind, figures: [], parts };
  }

  #oneFigure(kind: ShapeKind): SpatialPoint[][] | undefined {
    const points = this.#list(() => this.#point());
    return points === undefined || (kind === 'POINT' && points.length !== 1) ? undefined : [points];
  }

  /** `MULTIPOINT (1 2, 3 4)` and `MULTIPOINT ((1 2), (3 4))` are the same. */
  #pointPart(): Shape | undefined {
    if (this.#tokens[this.#at] === '(' || this.#tokens[this.#at] === 'EMPTY') return this.#body('POINT');
    const point = this.#point();
    return point && { kind: 'POINT', figures: [[point]], parts: [] };
  }

  #point(): SpatialPoint | undefined {
    const numbers: (number | undefined)[] = [];
    while (numbers.length < 4 && /^(?:[-+.\d]|NULL)/.test(this.#tokens[this.#at] ?? '')) {
      const token = this.#tokens[this.#at++] ?? '';
      numbers.push(token === 'NULL' ? undefined : Number(token));
    }
    const [x, y, z, m] = numbers;
    if (x === undefined || y === undefined) return undefined;
    return { x, y, ...(z !== undefined && { z }), ...(m !== undefined && { m }) };
  }

  #list<T>(item: () => T | undefined): T[] | undefined {
    if (!this.#accept('(')) return undefined;
    const items: T[] = [];
    do {
      const read = item();
      if (read === undefined) return undefined;
      items.push(read);
    } while (this.#accept(','));
    return this.#accept(')') ? items : undefined;
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }
}

/** A line has two points at least, a ring four, of which the last is the first again. */
function isPossible(kind: ShapeKind, figures: readonly (readonly SpatialPoint[])[]): boolean {
  if (kind === 'LINESTRING') return figures.every((points) => points.length >= 2);
  if (kind !== 'POLYGON') return true;
  return figures.every((ring) => {
    const [first, last] = [ring[0], ring.at(-1)];
    return ring.length >= 4 && first?.x === last?.x && first?.y === last?.y;
  });
}

/** With `measures` as AsTextZM and ToString write it, without as STAsText does. */
export function wellKnownText(shape: Shape, measures: boolean): string {
  return `${shape.kind} ${bodyText(shape, measures)}`;
}

function bodyText({ kind, figures, parts }: Shape, measures: boolean): string {
  const point = (one: SpatialPoint): string => pointText(one, measures);
  const list = (items: readonly string[]): string => `(${items.join(', ')})`;
  if (figures.length === 0 && parts.length === 0) return 'EMPTY';
  if (kind === 'GEOMETRYCOLLECTION') return list(parts.map((part) => wellKnownText(part, measures)));
  if (parts.length > 0) return list(parts.map((part) => bodyText(part, measures)));
  const figureTexts = figures.map((points) => list(points.map(point)));
  return kind === 'POLYGON' ? list(figureTexts) : (figureTexts[0] ?? 'EMPTY');
}

function pointText({ x, y, z, m }: SpatialPoint, measures: boolean): string {
  const flat = `${doubleText(x)} ${doubleText(y)}`;
  if (!measures || (z === undefined && m === undefined)) return flat;
  const height = z === undefined ? 'NULL' : doubleText(z);
  return m === undefined ? `${flat} ${height}` : `${flat} ${height} ${doubleText(m)}`;
}

/** As .NET writes a double that is to be read back: `1E+15`, `1.5E-05` where it is shorter than plain digits. */
function doubleText(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e15)) return String(value);
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${mantissa}E${exponent.charAt(0)}${exponent.slice(1).padStart(2, '0')}`;
}

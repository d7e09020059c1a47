/** The binary form of geometry and geography ([MS-SSCLRT], "GEOGRAPHY structure", version 1): what columns hold. */
import { pointsOf, SHAPE_KINDS, type Shape, type Spatial, type SpatialPoint } from './spatial.ts';

const VERSION = 1;
const HAS_Z = 0x01;
const HAS_M = 0x02;
const VALID = 0x04;
const SINGLE_POINT = 0x08;
const SINGLE_SEGMENT = 0x10;
const INTERIOR_RING = 0;
const STROKE = 1;
const EXTERIOR_RING = 2;

/** In a geography the latitude comes first. */
export type SpatialType = 'geometry' | 'geography';

interface Parts {
  readonly figures: { readonly attribute: number; readonly at: number }[];
  readonly shapes: { readonly parent: number; readonly figure: number; readonly kind: number }[];
  pointCount: number;
}

export function encodeSpatial({ srid, shape }: Spatial, type: SpatialType): Uint8Array {
  const points = [...pointsOf(shape)];
  const single = shape.kind === 'POINT' && points.length === 1;
  const segment = shape.kind === 'LINESTRING' && points.length === 2;
  const hasZ = points.some(({ z }) => z !== undefined);
  const hasM = points.some(({ m }) => m !== undefined);
  const properties =
    (hasZ ? HAS_Z : 0) |
    (hasM ? HAS_M : 0) |
    VALID |
    (single ? SINGLE_POINT : 0) |
    (segment ? SINGLE_SEGMENT : 0);
  const out = [int(srid), Buffer.of(VERSION, properties)];
  if (!single && !segment) out.push(int(points.length));
  for (const { x, y } of points)
    out.push(...(type === 'geography' ? [double(y), double(x)] : [double(x), double(y)]));
  // A missing height among others is not a number.
  if (hasZ) out.push(...points.map(({ z }) => double(z ?? Number.NaN)));
  if (hasM) out.push(...points.map(({ m }) => double(m ?? Number.NaN)));
  if (!single && !segment) out.push(...partBytes(shape));
  return Uint8Array.from(Buffer.concat(out));
}

function partBytes(shape: Shape): Buffer[] {
  const parts: Parts = { figures: [], shapes: [], pointCount: 0 };
  addShape(shape, -1, parts);
  return [
    int(parts.figures.length),
    ...parts.figures.flatMap(({ attribute, at }) => [Buffer.of(attribute), int(at)]),
    int(parts.shapes.length),
    ...parts.shapes.flatMap(({ parent, figure, kind }) => [int(parent), int(figure), Buffer.of(kind)]),
  ];
}

/** Shapes stand before their parts; a shape without points has no figure (-1). */
function addShape(shape: Shape, parent: number, into: Parts): void {
  const own = into.shapes.length;
  const empty = [...pointsOf(shape)].length === 0;
  into.shapes.push({
    parent,
    figure: empty ? -1 : into.figures.length,
    kind: SHAPE_KINDS.indexOf(shape.kind) + 1,
  });
  for (const [i, points] of shape.figures.entries()) {
    const attribute = shape.kind !== 'POLYGON' ? STROKE : i === 0 ? EXTERIOR_RING : INTERIOR_RING;
    into.figures.push({ attribute, at: into.pointCount });
    into.pointCount += points.length;
  }
  for (const part of shape.parts) addShape(part, own, into);
}

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};

const double = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};

/** Undefined for bytes of another version, or that end too early. */
export function decodeSpatial(bytes: Uint8Array, type: SpatialType): Spatial | undefined {
  try {
    return new Decoder(bytes, type).spatial();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

class Decoder {
  readonly #bytes: Buffer;
  readonly #type: SpatialType;
  #at = 0;

  constructor(bytes: Uint8Array, type: SpatialType) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#type = type;
  }

  spatial(): Spatial | undefined {
    const srid = this.#int();
    const version = this.#byte();
    const properties = this.#byte();
    if (version !== VERSION) return undefined;
    const fixed = (properties & SINGLE_POINT) !== 0 ? 1 : (properties & SINGLE_SEGMENT) !== 0 ? 2 : undefined;
    const points = this.#points(fixed ?? this.#int(), properties);
    if (fixed !== undefined) {
      const kind = fixed === 1 ? 'POINT' : 'LINESTRING';
      return { srid, shape: { kind, figures: [points], parts: [] } };
    }
    const shape = this.#shapes(points);
    return shape && { srid, shape };
  }

  #points(count: number, properties: number): SpatialPoint[] {
    const flat = Array.from({ length: count }, () => [this.#double(), this.#double()] as const);
    const zs = (properties & HAS_Z) !== 0 ? flat.map(() => this.#double()) : [];
    const ms = (properties & HAS_M) !== 0 ? flat.map(() => this.#double()) : [];
    const present = (value: number | undefined): value is number =>
      value !== undefined && !Number.isNaN(value);
    return flat.map(([first, second], i) => {
      const [z, m] = [zs[i], ms[i]];
      const [x, y] = this.#type === 'geography' ? [second, first] : [first, second];
      return { x, y, ...(present(z) && { z }), ...(present(m) && { m }) };
    });
  }

  #shapes(points: readonly SpatialPoint[]): Shape | undefined {
    const starts = Array.from({ length: this.#int() }, () => {
      this.#byte();
      return this.#int();
    });
    const figures = starts.map((start, i) => points.slice(start, starts[i + 1] ?? points.length));
    const flat = Array.from({ length: this.#int() }, () => ({
      parent: this.#int(),
      figure: this.#int(),
      kind: SHAPE_KINDS[this.#byte() - 1],
    }));
    const build = (at: number): Shape | undefined => {
      const one = flat[at];
      if (one?.kind === undefined) return undefined;
      const parts = flat.flatMap(({ parent }, i) => (parent === at ? [build(i)] : []));
      if (parts.includes(undefined)) return undefined;
      const end = flat.slice(at + 1).find(({ figure }) => figure >= 0)?.figure ?? figures.length;
      const own = parts.length > 0 || one.figure < 0 ? [] : figures.slice(one.figure, end);
      return { kind: one.kind, figures: own, parts: parts as Shape[] };
    };
    return build(0);
  }

  #byte(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  #int(): number {
    this.#at += 4;
    return this.#bytes.readInt32LE(this.#at - 4);
  }

  #double(): number {
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }
}

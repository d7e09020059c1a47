/** What a value of geometry or geography is made of, between its text and its bytes. */

/** x is the longitude and y the latitude of a geography. */
export interface SpatialPoint {
  readonly x: number;
  readonly y: number;
  readonly z?: number;
  readonly m?: number;
}

/** In the order of their numbers in the binary form ([MS-SSCLRT], SHAPE structure): the first is 1. */
export const SHAPE_KINDS = [
  'POINT',
  'LINESTRING',
  'POLYGON',
  'MULTIPOINT',
  'MULTILINESTRING',
  'MULTIPOLYGON',
  'GEOMETRYCOLLECTION',
] as const;

export type ShapeKind = (typeof SHAPE_KINDS)[number];

export interface Shape {
  readonly kind: ShapeKind;
  /** Of a point its point, of a line its points, of a polygon its rings, the outer one first. None when empty. */
  readonly figures: readonly (readonly SpatialPoint[])[];
  /** Of MULTI… and GEOMETRYCOLLECTION. */
  readonly parts: readonly Shape[];
}

export interface Spatial {
  readonly srid: number;
  readonly shape: Shape;
}

export function* pointsOf(shape: Shape): Generator<SpatialPoint> {
  for (const figure of shape.figures) yield* figure;
  for (const part of shape.parts) yield* pointsOf(part);
}

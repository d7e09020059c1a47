/** Values of hierarchyid, geometry and geography are their bytes; their text is read and written here. */
import type { SqlType } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import {
  decodeHierarchyPath,
  encodeHierarchyPath,
  hierarchyPathText,
  parseHierarchyPath,
  type HierarchyPath,
} from './hierarchy-id.ts';
import { pointsOf, type Spatial } from './spatial.ts';
import { decodeSpatial, encodeSpatial, type SpatialType } from './spatial-bytes.ts';
import { parseWellKnownText, wellKnownText } from './well-known-text.ts';

const isSpatial = (name: string): name is SpatialType => name === 'geometry' || name === 'geography';

/** What Parse and a conversion from text assume ("Parse (geography)", "Parse (geometry)"). */
const defaultSrid = (type: SpatialType): number => (type === 'geography' ? 4326 : 0);

/** Error 6522 for a text that is no value of the type. */
export function clrFromText(text: string, type: SqlType): Uint8Array {
  if (isSpatial(type.name)) return spatialFromText(text, defaultSrid(type.name), type.name);
  const path = parseHierarchyPath(text);
  const bytes = path && encodeHierarchyPath(path);
  if (bytes === undefined) throw valueErrors.hierarchyText(text);
  return bytes;
}

export function spatialFromText(text: string, srid: number, type: SpatialType): Uint8Array {
  const shape = parseWellKnownText(text);
  if (shape === undefined) throw valueErrors.wellKnownText(type);
  return spatialBytes({ srid, shape }, type);
}

/** Error 6522 for a latitude that is none or a spatial reference that is no number of one. */
export function spatialBytes(spatial: Spatial, type: SpatialType): Uint8Array {
  const { srid, shape } = spatial;
  if (srid < 0 || srid > 999_999) throw valueErrors.spatialReference(type);
  if (type === 'geography')
    for (const { y } of pointsOf(shape)) if (Math.abs(y) > 90) throw valueErrors.latitude();
  return encodeSpatial(spatial, type);
}

export function clrText(bytes: Uint8Array, type: SqlType): string {
  return isSpatial(type.name)
    ? wellKnownText(spatialOf(bytes, type.name).shape, true)
    : hierarchyPathText(hierarchyPathOf(bytes));
}

/** Error 6522 for bytes that are no value of the type. */
export function clrFromBytes(bytes: Uint8Array, type: SqlType): Uint8Array {
  if (isSpatial(type.name)) spatialOf(bytes, type.name);
  else hierarchyPathOf(bytes);
  return bytes;
}

export function spatialOf(bytes: Uint8Array, type: SpatialType): Spatial {
  const spatial = decodeSpatial(bytes, type);
  if (spatial === undefined) throw valueErrors.clrBytes(type);
  return spatial;
}

export function hierarchyPathOf(bytes: Uint8Array): HierarchyPath {
  const path = decodeHierarchyPath(bytes);
  if (path === undefined) throw valueErrors.clrBytes('hierarchyid');
  return path;
}

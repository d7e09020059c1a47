/**
 * Methods and properties of hierarchyid, geometry and geography, as far as values are made and read with them
 * ("hierarchyid data type method reference", "OGC methods on geometry instances" and the pages of their like). Names are
 * case-sensitive, as all of the common language runtime.
 */
import type { SqlType, SqlValue } from '../../interface/engine-session.ts';
import {
  clrFromText,
  clrText,
  hierarchyPathOf,
  spatialBytes,
  spatialFromText,
  spatialOf,
} from './clr-text.ts';
import { encodeHierarchyPath } from './hierarchy-id.ts';
import type { SpatialPoint } from './spatial.ts';
import type { SpatialType } from './spatial-bytes.ts';
import { wellKnownText } from './well-known-text.ts';

export interface ClrMember {
  readonly type: SqlType;
  /** The types that arguments are converted to, one for each. */
  readonly takes: readonly SqlType[];
  readonly property: boolean;
  /** Neither `self` nor an argument is NULL: then the result is. */
  call(self: Uint8Array, args: readonly SqlValue[]): SqlValue;
}

export interface ClrStatic {
  readonly type: SqlType;
  readonly takes: readonly SqlType[];
  call(args: readonly SqlValue[]): SqlValue;
}

const TEXT: SqlType = { name: 'nvarchar', length: 'max' };
const INT: SqlType = { name: 'int' };
const SMALLINT: SqlType = { name: 'smallint' };
const BIT: SqlType = { name: 'bit' };
const FLOAT: SqlType = { name: 'float' };
const NODE: SqlType = { name: 'hierarchyid' };

const method = (type: SqlType, call: ClrMember['call'], takes: readonly SqlType[] = []): ClrMember => ({
  type,
  takes,
  property: false,
  call,
});

const property = (type: SqlType, call: ClrMember['call']): ClrMember => ({
  type,
  takes: [],
  property: true,
  call,
});

const levels = (self: Uint8Array): number => hierarchyPathOf(self).length;

function ancestor(self: Uint8Array, up: number): SqlValue {
  const path = hierarchyPathOf(self);
  if (up < 0 || up > path.length) return null;
  return encodeHierarchyPath(path.slice(0, path.length - up)) ?? null;
}

/** A node counts as a descendant of itself. */
function isDescendant(self: Uint8Array, other: Uint8Array): boolean {
  const [own, above] = [hierarchyPathOf(self), hierarchyPathOf(other)];
  return above.every((level, i) => level.join('.') === own[i]?.join('.'));
}

const hierarchyMembers: Readonly<Record<string, ClrMember>> = {
  ToString: method({ name: 'nvarchar', length: 4000 }, (self) => clrText(self, NODE)),
  GetLevel: method(SMALLINT, levels),
  GetAncestor: method(NODE, (self, [up]) => ancestor(self, Number(up)), [INT]),
  IsDescendantOf: method(BIT, (self, [other]) => isDescendant(self, other as Uint8Array), [NODE]),
};

function spatialMembers(name: SpatialType): Readonly<Record<string, ClrMember>> {
  const type: SqlType = { name };
  const onPoint = (read: (point: SpatialPoint) => number | undefined): ClrMember =>
    property(FLOAT, (self) => {
      const { kind, figures } = spatialOf(self, name).shape;
      const point = kind === 'POINT' ? figures[0]?.[0] : undefined;
      return (point && read(point)) ?? null;
    });
  return {
    ToString: method(TEXT, (self) => clrText(self, type)),
    AsTextZM: method(TEXT, (self) => clrText(self, type)),
    STAsText: method(TEXT, (self) => wellKnownText(spatialOf(self, name).shape, false)),
    STSrid: property(INT, (self) => spatialOf(self, name).srid),
    ...(name === 'geometry' && {
      STX: onPoint(({ x }) => x),
      STY: onPoint(({ y }) => y),
    }),
  };
}

const members: Readonly<Record<string, Readonly<Record<string, ClrMember>>>> = {
  hierarchyid: hierarchyMembers,
  geometry: spatialMembers('geometry'),
  geography: spatialMembers('geography'),
};

export const clrMember = (type: SqlType, name: string): ClrMember | undefined => members[type.name]?.[name];

/** What may stand behind a column without parentheses. */
export const CLR_PROPERTIES: ReadonlySet<string> = new Set(['STSrid', 'STX', 'STY']);

const point = (name: SpatialType, x: SqlValue, y: SqlValue, srid: SqlValue): SqlValue =>
  spatialBytes(
    {
      srid: Number(srid),
      shape: { kind: 'POINT', figures: [[{ x: Number(x), y: Number(y) }]], parts: [] },
    },
    name,
  );

/** A geography takes its latitude first ("Point (geography data type)"). */
function spatialStatics(name: SpatialType): Readonly<Record<string, ClrStatic>> {
  const type: SqlType = { name };
  const fromText: ClrStatic = {
    type,
    takes: [TEXT, INT],
    call: ([text, srid]) => spatialFromText(text as string, Number(srid), name),
  };
  return {
    [`${name}::Parse`]: { type, takes: [TEXT], call: ([text]) => clrFromText(text as string, type) },
    [`${name}::Point`]: {
      type,
      takes: [FLOAT, FLOAT, INT],
      call: ([a = null, b = null, srid = null]) =>
        name === 'geography' ? point(name, b, a, srid) : point(name, a, b, srid),
    },
    ...Object.fromEntries(
      ['STGeomFromText', 'STPointFromText', 'STLineFromText', 'STPolyFromText'].map((maker) => [
        `${name}::${maker}`,
        fromText,
      ]),
    ),
  };
}

/** By `type::Method`, the type in lower case. A NULL argument gives NULL. */
export const CLR_STATICS: ReadonlyMap<string, ClrStatic> = new Map(
  Object.entries({
    'hierarchyid::Parse': { type: NODE, takes: [TEXT], call: ([text]) => clrFromText(text as string, NODE) },
    'hierarchyid::GetRoot': { type: NODE, takes: [], call: () => new Uint8Array() },
    ...spatialStatics('geometry'),
    ...spatialStatics('geography'),
  } satisfies Record<string, ClrStatic>),
);

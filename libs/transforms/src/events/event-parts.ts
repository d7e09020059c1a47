/** Parts of an event that name columns. */
import type { PlainRow, StampedEvent, Unavailable } from '@dstream/core';

/** Columns that are unavailable in one image. */
export function missingIn(
  image: Unavailable['in'],
  unavailable: readonly Unavailable[] | undefined,
): readonly string[] {
  if (unavailable === undefined) return [];
  return unavailable.filter((one) => one.in === image).flatMap(({ columns }) => columns);
}

/** What of the metadata names columns. */
export interface NamingParts {
  readonly key: PlainRow | null;
  readonly changed: readonly string[] | undefined;
  readonly unavailable: readonly Unavailable[] | undefined;
}

/** The metadata with these parts, its fields in their order. Of what is unavailable, images without columns are left out. */
export function withParts(
  metadata: StampedEvent['metadata'],
  { key, changed, unavailable = [] }: NamingParts,
): StampedEvent['metadata'] {
  const some = unavailable.filter(({ columns }) => columns.length > 0);
  const parts = { key, ...(changed && { changed }) };
  if (some.length > 0) return { ...metadata, ...parts, unavailable: some };
  const { unavailable: _none, ...rest } = metadata;
  return { ...rest, ...parts };
}

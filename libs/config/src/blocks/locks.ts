import type { AdapterTypes } from '../definitions/adapter-types.ts';
import { onceSet, readTypedBlock, schemasOf, type TypedBlock } from '../definitions/block-type.ts';
import type { LeaseStoreType } from '../definitions/lease-store-type.ts';
import { canonicalPath } from '../schema/context.ts';
import { child, type ChildSchema } from '../schema/schema.ts';
import type { BlockNode, Place } from '../text/hcl-document.ts';
import type { LocksConfig } from './configuration.ts';
import type { FileContext } from './file-context.ts';

function locksBlock({ leases }: AdapterTypes): TypedBlock<LeaseStoreType> {
  return { block: 'locks', types: leases, typeDoc: 'Type of lease store.', hasDefault: true, commonKeys: {} };
}

export function locksChildren(types: AdapterTypes): readonly ChildSchema[] {
  return schemasOf(locksBlock(types)).map((schema) => child(schema, 'required'));
}

/** Undefined when its type is not known; a problem says so. */
export function readLocks(node: BlockNode, parent: Place, context: FileContext): LocksConfig | undefined {
  const found = readTypedBlock(locksBlock(context.types), node, parent, context);
  if (found === undefined) return undefined;
  const { type, reading, unset } = found;
  const store = type.read(reading, context.problems);
  return {
    path: canonicalPath(reading.place.path),
    type: type.type,
    settings: store.settings,
    what: store.what,
    open: onceSet(unset, (services) => store.open(services)),
  };
}

/** A type of lease store, as the configuration sees it. Packages above this one define them. */
import type { Leases, LeaseServices } from '@dstream/core';
import type { Findings } from '../schema/problems.ts';
import type { Reading, Keys } from '../schema/schema.ts';
import {
  blockType,
  checkable,
  notOpenable,
  type BlockType,
  type Checkable,
  type CheckedDefinition,
  type Definition,
} from './block-type.ts';

/** The lease store of a file, ready to be opened. */
export interface OpenableLeases extends Checkable<LeaseServices> {
  /** For people: what is secret in it shows itself as `[secret]`. */
  readonly settings: object;
  /** For the log: `container locks`. */
  readonly what: string;
  /** Called once for every life of the ingester, and by who only looks at the leases. Connects nothing. */
  open(services: LeaseServices): Promise<Leases>;
}

/** A registered type of lease store. Made by `defineLeaseStore`. */
export interface LeaseStoreType<K extends Keys = Keys> extends BlockType<K> {
  read(reading: Reading<K>, findings: Findings): OpenableLeases;
}

/** The types that a process knows, at least one. The first is that of `locks` without `type`. */
export type LeaseStoreTypes = readonly [LeaseStoreType, ...LeaseStoreType[]];

/** What `defineLeaseStore` takes. `K` are its keys, `S` the settings of its class. */
export interface LeaseStoreDefinition<K extends Keys, S extends object>
  extends Definition<K, 'type'>, CheckedDefinition<S, LeaseServices> {
  /** As it is in a file: `locks { type = "…" }`. */
  readonly type: string;
  /** See `SourceDefinition.settings`. */
  readonly settings: (reading: Reading<K>, findings: Findings) => S;
  /** What is connected to, for the log: `container locks`. */
  readonly what: (settings: S) => string;
  /** See `SourceDefinition.open`. */
  readonly open?: (settings: S, services: LeaseServices) => Promise<Leases>;
}

/** Joins the schema and the class of a lease store, so that callers do not see the type of its settings. */
export function defineLeaseStore<const K extends Keys, S extends object>(
  definition: LeaseStoreDefinition<K, S>,
): LeaseStoreType<K> {
  const { type, settings: settingsOf, what, open } = definition;
  const read = (reading: Reading<K>, findings: Findings): OpenableLeases => {
    const settings = settingsOf(reading, findings);
    return {
      settings,
      what: what(settings),
      ...checkable(definition, settings),
      open: open === undefined ? notOpenable('locks', type) : (services) => open(settings, services),
    };
  };
  return { ...blockType<K>(type, definition, open !== undefined), read };
}

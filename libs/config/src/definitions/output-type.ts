/** A type of output, as the configuration sees it. Packages above this one define them. */
import type { Hash, Publisher, OutputServices } from '@dstream/core';
import type { Findings } from '../schema/problems.ts';
import type { Reading, Keys } from '../schema/schema.ts';
import type { TablePart } from '../schema/templates.ts';
import {
  blockType,
  checkable,
  type BlockType,
  type Checkable,
  type CheckedDefinition,
  type Definition,
} from './block-type.ts';
import type { Carries } from './envelope-type.ts';

/** Of a table: what its destination is named after. */
export type NamedTable = Readonly<Record<TablePart, string>>;

/** One output of a file, ready to be opened. */
export interface Destination extends Checkable<OutputServices> {
  /** What the type made of its keys. For people: what is secret in it shows itself as `[secret]`. */
  readonly settings: object;
  /** What envelopes may make of a change. Absent: one body. */
  readonly carries?: Carries;
  /**
   * Tells where the changes of a table go: a queue, a hub, a file. Pure. Not there where all go to one place. What differs
   * between the changes of a table stays a template: `orders.{{ data.Region }}`.
   */
  destinationNames?(hash: Hash): (table: NamedTable) => string;
  /** Loads the client library. Called once per output, and again when the supervisor reopens the processor. Connects nothing. */
  open(services: OutputServices): Promise<Publisher>;
}

/** Every output has the keys `type`, `required`, `buffer`, `max_in_flight`, `timeout` and `envelope` besides those of its type. */
export interface OutputType<K extends Keys = Keys> extends BlockType<K> {
  /**
   * Called once for every output of the type, also when something in it is wrong: then values are blank,
   * and what it returns is not used. Undefined where the type is not built.
   */
  read(reading: Reading<K>, findings: Findings): Destination | undefined;
}

/** The types that a process knows, at least one. */
export type OutputTypes = readonly [OutputType, ...OutputType[]];

/** What `defineOutput` takes. `K` are its keys, `S` the settings of its class. */
export interface OutputDefinition<K extends Keys, S extends object>
  extends
    Definition<K, 'type' | 'required' | 'buffer' | 'max_in_flight' | 'timeout' | 'envelope'>,
    CheckedDefinition<S, OutputServices> {
  /** As it is in a file: `output { type = "…" }`. */
  readonly type: string;
  /** See `SourceDefinition.settings`. */
  readonly settings: (reading: Reading<K>, findings: Findings) => S;
  /** See `Destination.carries`. */
  readonly carries?: (settings: S) => Carries;
  /** See `Destination.destinationNames`. For plans; pure. */
  readonly names?: (settings: S, hash: Hash) => (table: NamedTable) => string;
  /** See `SourceDefinition.open`. */
  readonly open?: (settings: S, services: OutputServices) => Promise<Publisher>;
}

/** Joins the schema and the class of an output, so that callers do not see the type of its settings. */
export function defineOutput<const K extends Keys, S extends object>(
  definition: OutputDefinition<K, S>,
): OutputType<K> {
  const { type, settings: settingsOf, carries, names, open } = definition;
  const read = (reading: Reading<K>, findings: Findings): Destination | undefined => {
    const settings = settingsOf(reading, findings);
    if (open === undefined) return undefined;
    return {
      settings,
      ...checkable(definition, settings),
      ...(carries && { carries: carries(settings) }),
      ...(names && { destinationNames: (hash) => names(settings, hash) }),
      open: (services) => open(settings, services),
    };
  };
  return { ...blockType<K>(type, definition, open !== undefined), read };
}

/** A kind of destination, as the configuration sees it: who defines one stands above this package. */
import type { Hash, Publisher, PublisherServices } from '@dstream/core';
import type { Findings } from '../schema/problems.ts';
import type { Reading } from '../schema/reading.ts';
import type { Keys } from '../schema/schema.ts';
import type { NamePart } from '../schema/templates.ts';
import type { BlockType } from './block-type.ts';

/** Of a table: what its destination is named after. */
export type NamedTable = Readonly<Record<NamePart, string>>;

/** What a file says about one destination, ready to be opened. */
export interface Destination {
  /** What the type made of its keys. For people: what is secret in it shows itself as `[secret]`. */
  readonly settings: object;
  /** Tells where the changes of a table go: a queue, a hub, a file. Pure. Not there where all go to one place. */
  destinationNames?(hash: Hash): (table: NamedTable) => string;
  /** Loads the destination's client library. Called once per output, and again when its process opens it anew. Connects nothing. */
  open(services: PublisherServices): Promise<Publisher>;
}

/** Every output has the keys `type`, `required` and `buffer` besides those of its type. */
export interface OutputType<K extends Keys = Keys> extends BlockType<K> {
  /**
   * Called once for every output of the type, also when something in it is wrong: then blanks stand in for values,
   * and what it returns is not used. Undefined where the type is not built.
   */
  read(reading: Reading<K>, findings: Findings): Destination | undefined;
}

/** The types that a process knows, at least one. */
export type OutputTypes = readonly [OutputType, ...OutputType[]];

/** A kind of destination, as the configuration sees it: who defines one stands above this package. */
import type { Hash, Publisher, PublisherServices } from '@dstream/core';
import type { Findings } from './problems.ts';
import type { Reading } from './reading.ts';
import type { Keys } from './schema.ts';
import type { NamePart } from './templates.ts';

/** Of a table: what its destination is named after. */
export type NamedTable = Readonly<Record<NamePart, string>>;

/** What a file says about one destination, ready to be opened. */
export interface Destination {
  /** What the type made of its keys. For people: what is secret in it shows itself as `[secret]`. */
  readonly settings: object;
  /** Tells where the changes of a table go: a queue, a hub, a file. Pure. Not there where all go to one place. */
  destinationNames?(hash: Hash): (table: NamedTable) => string;
  /** Called once per output. Connects nothing. */
  open(services: PublisherServices): Publisher;
}

export interface OutputType<K extends Keys = Keys> {
  /** As it stands in the file: `azure_service_bus`. */
  readonly type: string;
  readonly doc: string;
  /** False: the grammar knows the type, no command does. */
  readonly built: boolean;
  /** Besides those that every output has: `type`, `required` and `buffer`. */
  readonly keys: K;
  /**
   * Called once for every output of the type, also when something in it is wrong: then blanks stand in for values,
   * and what it returns is not used. Undefined where the type is not built.
   */
  read(reading: Reading<K>, findings: Findings): Destination | undefined;
}

/** The types that a process knows, at least one. */
export type OutputTypes = readonly [OutputType, ...OutputType[]];

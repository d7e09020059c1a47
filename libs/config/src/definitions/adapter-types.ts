import type { Context } from '../schema/context.ts';
import type { EnvelopeTypes } from './envelope-type.ts';
import type { Problems } from '../schema/problems.ts';
import type { LeaseStoreTypes } from './lease-store-type.ts';
import type { OutputTypes } from './output-type.ts';
import type { PredicateLanguage } from './predicate-language.ts';
import type { QueueTypes } from './queue-type.ts';
import type { SourceTypes } from './source-type.ts';
import type { TransformTypes } from './transform-type.ts';

/** The types of everything that a file may name: the app hands them over, because this package knows none. */
export interface AdapterTypes {
  readonly sources: SourceTypes;
  readonly queues: QueueTypes;
  readonly leases: LeaseStoreTypes;
  readonly outputs: OutputTypes;
  readonly transforms: TransformTypes;
  readonly predicates: PredicateLanguage;
  /** Forms in which outputs write changes. */
  readonly envelopes: EnvelopeTypes;
}

/** What is checked after a file without problems was read, because it needs a library. */
export interface LaterCheck {
  /** Variables of the block that are not set: it is not checked then. */
  readonly unset: Problems;
  run(): Promise<void>;
}

/** What reading one file shares, with the types that its blocks may name. */
export interface FileContext extends Context {
  readonly types: AdapterTypes;
  /** Collects what is checked later. */
  readonly checks: LaterCheck[];
}

/** A form in which an output writes changes, as the configuration sees it. Packages above this one define them. */
import type { OutputServices, Publisher } from '@dstream/core';
import type { Findings } from '../schema/problems.ts';
import type { BlockSchema, Keys, Reading } from '../schema/schema.ts';

/** What a destination can take of what an envelope makes, besides a body for each change. */
export interface Carries {
  /** Attributes beside a body, such as headers. A text: why not, and what to write instead. Absent: none. */
  readonly attributes?: true | string;
  /** It has keys, so an event without a body says that the row of its key is gone. */
  readonly keys?: true;
  /** Why it writes no other form than its own, and what to write instead. */
  readonly ownFormOnly?: string;
}

/** Puts changes into the envelope on their way to `publisher`. */
export type Wrap = (publisher: Publisher) => Publisher;

/** A value of the key `envelope`, and the block of that name with what can be set about it. */
export interface EnvelopeType<K extends Keys = Keys> {
  /** As it is in a file: `envelope = "…"`. */
  readonly type: string;
  /** For the reference page. */
  readonly doc: string;
  /** Undefined where nothing can be set. */
  readonly block: BlockSchema<K> | undefined;
  /** Undefined where changes go out as they arrived. `reading` is of the block, also where the file has none. */
  read(
    reading: Reading<K>,
    carries: Carries,
    findings: Findings,
  ): ((services: OutputServices) => Promise<Wrap>) | undefined;
}

/** The envelopes that a process knows. The first is the default. */
export type EnvelopeTypes = readonly [EnvelopeType, ...EnvelopeType[]];

/** What `defineEnvelope` takes. `K` are the keys of its block, `S` what its encoder takes. */
export interface EnvelopeDefinition<K extends Keys, S extends object> {
  /** As it is in a file: `envelope = "…"`. */
  readonly type: string;
  readonly doc: string;
  /** Of the block named after it. Empty: there is no such block. */
  readonly keys: K;
  /** Values that are not possible at the destination are findings. */
  readonly settings: (reading: Reading<K>, carries: Carries, findings: Findings) => S;
  /** Loads the encoder. Absent: changes go out as they arrived. */
  readonly open?: (settings: S, services: OutputServices) => Promise<Wrap>;
}

/** Joins the schema and the encoder of an envelope, so that callers do not see the type of its settings. */
export function defineEnvelope<const K extends Keys, S extends object>(
  definition: EnvelopeDefinition<K, S>,
): EnvelopeType<K> {
  const { type, doc, keys, settings: settingsOf, open } = definition;
  const hasKeys = Object.keys(keys).length > 0;
  return {
    type,
    doc,
    block: hasKeys ? { type, doc, keys, blocks: [] } : undefined,
    read: (reading, carries, findings) => {
      const settings = settingsOf(reading, carries, findings);
      return open && ((services) => open(settings, services));
    },
  };
}

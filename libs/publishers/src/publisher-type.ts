import type { Destination, Findings, Keys, NamedTable, OutputType, Reading } from '@dstream/config/schema';
import type { Hash, Publisher, PublisherServices } from '@dstream/core';

/** Keys that the configuration adds to every output: no type has its own. */
type Taken = { readonly type?: never; readonly required?: never; readonly buffer?: never };

export interface PublisherDefinition<K extends Keys, S extends object> {
  /** As it stands in a file: `type = "…"`. */
  readonly type: string;
  /** What stands in the reference page. */
  readonly doc: string;
  readonly keys: K & Taken;
  /**
   * What the publisher takes, of what the file says. Called also when something is wrong, with blanks instead of
   * values. It says what is wrong with keys together; a single key is checked by its type. Conceals what is secret.
   */
  readonly settings: (reading: Reading<K>, findings: Findings) => S;
  /** Tells where the changes of a table go, where that is not one place for all. For plans; pure. */
  readonly names?: (settings: S, hash: Hash) => (table: NamedTable) => string;
  /**
   * Loads what the publisher is made of by `import()`: nobody who only reads a file may pay for it. Connects nothing.
   * Without it the type is not built yet: a file may name it, no command takes it.
   */
  readonly open?: (settings: S, services: PublisherServices) => Promise<Publisher>;
}

/** One kind of destination: its schema and its class, joined so that nobody above sees the type of its settings. */
export function definePublisher<const K extends Keys, S extends object>(
  definition: PublisherDefinition<K, S>,
): OutputType<K> {
  const { type, doc, keys, settings: settingsOf, names, open } = definition;
  const read = (reading: Reading<K>, findings: Findings): Destination | undefined => {
    const settings = settingsOf(reading, findings);
    if (open === undefined) return undefined;
    return {
      settings,
      ...(names && { destinationNames: (hash) => names(settings, hash) }),
      open: (services) => open(settings, services),
    };
  };
  return { type, doc, built: open !== undefined, keys, blocks: [], read };
}

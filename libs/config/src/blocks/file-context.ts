import type { OutputTypes } from '../definitions/output-type.ts';
import type { Context } from '../schema/context.ts';

/** Connects nothing. Throws ConfigInvalid, which repeats no value of the text. */
export type CheckConnectionString = (text: string) => void;

/** Of a file: what its blocks may name. */
export interface FileContext extends Context {
  /** The destinations that there are. */
  readonly outputs: OutputTypes;
  /** Throws ConfigInvalid for a connection string that the database's adapter would not take. */
  readonly checkDatabase: CheckConnectionString;
}

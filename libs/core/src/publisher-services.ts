import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { Hash } from './shorten.ts';
import type { TokenCredential } from './token-credential.ts';

/** What a process gives to a publisher besides the settings of its output. */
export interface PublisherServices {
  /** The name of the output, for messages: its label, else its type. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly hash: Hash;
  /** Who signs in where the output has no connection string. One for the process, made at the first call. */
  readonly credential: () => TokenCredential;
}

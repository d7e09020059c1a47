/** Lines in UTF-8, in one piece of memory, a line end behind each. */
export interface Utf8Lines {
  readonly bytes: Uint8Array;
  /** Where each line begins in `bytes`, and where one more would. */
  readonly starts: readonly number[];
}

/** Each line in parts, as it comes: none is needed any more when the next one is asked for. */
export type EncodeLines = (lines: Iterable<readonly string[]>) => Utf8Lines;

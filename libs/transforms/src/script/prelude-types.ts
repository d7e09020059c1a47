/** What host and prelude say to each other. */

/** What the host does for it. Everything is text. */
export interface PreludeHost {
  /** The metadata of change `index` of this call, as JSON. */
  readonly metadata: (index: string) => string;
  readonly hash: (value: string) => string;
  readonly uuid: (seed: string) => string;
  readonly log: (level: string, message: string) => void;
}

/** What it does for the host. */
export interface Prelude {
  /** Takes the exports of the script; returns its form, or what is wrong after a "!". */
  readonly start: (exports: ScriptExports) => string;
  /**
   * Gives one change to the script. @param input `[data]` or `[data, before]`
   * @returns empty: unchanged; `[data, before]`: the metadata is unchanged; `{…}`: `AnswerOfOne`; `!…`: why it failed
   */
  readonly change: (input: string) => string;
  /** Gives several. @param inputs a list of such; returns a list of `AnswerOfOne`, or `!…` */
  readonly batch: (inputs: string) => string;
}

/** What a script made of one change. */
export interface AnswerOfOne {
  readonly made: MadeValue | readonly MadeValue[] | null;
  /** Index of what it made, or -1 for all of it; output; destination. */
  readonly routes?: readonly (readonly [number, string, string | null])[];
}

/** 0: the change as it was. Without metadata: that of the change. */
export type MadeValue = 0 | object;

/** The module namespace of a script. */
export interface ScriptExports {
  readonly default?: unknown;
  readonly batch?: unknown;
}

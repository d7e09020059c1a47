/** A row in two versions: what is committed, and what the one open writer of its database sees. */
import type { SqlValue } from '../interface/engine-session.ts';

/** Values by column position. Never changed in place: an update makes a new array. */
export type Values = readonly SqlValue[];

export interface Row {
  /** Undefined before the insert is committed. */
  committed: Values | undefined;
  /** Undefined after a delete. The same array as `committed` when no transaction has touched the row. */
  current: Values | undefined;
}

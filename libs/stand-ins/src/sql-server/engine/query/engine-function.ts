/** A function that the engine has beside the scalar functions of `values/`. */
import type { SqlType, SqlValue } from '../engine-session.ts';
import type { Values } from '../storage/row.ts';
import type { Frame } from './run.ts';

export interface EngineFunction {
  readonly minArgs: number;
  readonly maxArgs: number;
  readonly type: SqlType;
  readonly constant?: boolean;
  call(args: Values, frame: Frame): SqlValue;
  /** What the arguments are converted to before the call; the last one repeats. */
  readonly takes: readonly SqlType[];
}

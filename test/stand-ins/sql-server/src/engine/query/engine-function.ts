/** A function that the engine has beside the scalar functions of `values/`. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import type { Database } from '../storage/database.ts';
import type { Values } from '../storage/row.ts';
import type { Frame, Run } from './run.ts';

export interface EngineFunction {
  readonly minArgs: number;
  readonly maxArgs: number;
  readonly type: SqlType;
  readonly constant?: boolean;
  /** `database`: the one that the function's name says; without it the session's. */
  call(args: Values, frame: Frame, database?: Database): SqlValue;
  /** What the arguments are converted to before the call; the last one repeats. */
  readonly takes: readonly SqlType[];
}

type Call = (args: readonly SqlValue[], run: Run, frame: Frame) => SqlValue;

/** A function with arguments of these types; the last ones may be left out down to `minArgs`. */
export const define = (
  type: SqlType,
  takes: readonly SqlType[],
  call: Call,
  minArgs = takes.length,
): EngineFunction => ({
  type,
  takes,
  minArgs,
  maxArgs: takes.length,
  call: (args, frame) => call(args, frame.run, frame),
});

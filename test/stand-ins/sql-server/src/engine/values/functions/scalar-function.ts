/** What a scalar function of T-SQL is to the engine. */
import type { SqlMoment, SqlType, SqlValue } from '../../interface/engine-session.ts';

/** What a function may know of the world. */
export interface ScalarContext {
  /** UTC, to 100 ns. The same moment for all calls of one statement. */
  nowTicks(): SqlMoment;
  /** 0 ≤ x < 1. */
  random(): number;
  /** A new uniqueidentifier, upper case. */
  newId(): string;
}

export interface ScalarFunction {
  readonly minArgs: number;
  /** Infinity for any number. */
  readonly maxArgs: number;
  /** The type of the result; `literals` holds the arguments that are constants. Throws for argument types it refuses. */
  type(args: readonly SqlType[], literals: readonly (SqlValue | undefined)[]): SqlType;
  /** Arguments may be NULL. They are of `types`, not converted yet. */
  call(args: readonly SqlValue[], types: readonly SqlType[], context: ScalarContext): SqlValue;
}

import type { SqlParameter } from '../../engine/interface/engine-session.ts';
import { declaredNames } from './declared-names.ts';

export interface PreparedStatement {
  readonly sql: string;
  /** Names of the declared parameters, in order, with their `@`. */
  readonly names: readonly string[];
}

/** The prepared statements of one connection: a text and its parameters' names under a number. */
export class PreparedStatements {
  readonly #statements = new Map<number, PreparedStatement>();
  #lastHandle = 0;

  prepare(sql: string, declarations: string): number {
    this.#lastHandle += 1;
    this.#statements.set(this.#lastHandle, { sql, names: declaredNames(declarations) });
    return this.#lastHandle;
  }

  find(handle: number): PreparedStatement | undefined {
    return this.#statements.get(handle);
  }

  /** False when there is no such handle. */
  unprepare(handle: number): boolean {
    return this.#statements.delete(handle);
  }

  clear(): void {
    this.#statements.clear();
  }
}

/** Gives parameters that came without a name the declared name of their place. */
export function nameParameters(
  parameters: readonly SqlParameter[],
  names: readonly string[],
): SqlParameter[] {
  return parameters.map((parameter, index) =>
    parameter.name === '' ? { ...parameter, name: names[index] ?? '' } : parameter,
  );
}

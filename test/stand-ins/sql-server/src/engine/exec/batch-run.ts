/** One execution of one batch: its variables, its clock, and the error that a CATCH block looks at. */
import { randomUUID } from 'node:crypto';
import { momentOf } from '../values/basic/moments.ts';
import type { SqlMoment, SqlType, SqlMessage } from '../interface/engine-session.ts';
import type { Run, SessionFacts, Variable } from '../query/run.ts';
import type { Table } from '../storage/table.ts';

export class BatchRun implements Run {
  readonly session: SessionFacts;
  readonly variables = new Map<string, Variable>();
  readonly tableVariables = new Map<string, Table>();
  readonly signal: AbortSignal;
  /** Set inside of sp_executesql and procedures. */
  readonly procedure: string | undefined;
  caught: SqlMessage | undefined;
  readonly #nowMs: () => number;
  #statementMs: number;
  #signature: string | undefined;

  constructor(session: SessionFacts, nowMs: () => number, signal: AbortSignal, procedure?: string) {
    this.session = session;
    this.#nowMs = nowMs;
    this.#statementMs = nowMs();
    this.signal = signal;
    this.procedure = procedure;
  }

  /** The clock stands still during a statement. */
  beginStatement(): void {
    this.#statementMs = this.#nowMs();
  }

  nowTicks(): SqlMoment {
    return momentOf(this.#statementMs);
  }

  random(): number {
    return Math.random();
  }

  newId(): string {
    return randomUUID().toUpperCase();
  }

  declare(name: string, variable: Variable): void {
    this.variables.set(name.toLowerCase(), variable);
    this.#signature = undefined;
  }

  /** The same for two runs whose variables have the same names and types. */
  get signature(): string {
    this.#signature ??= [...this.variables].map(([name, { type }]) => `${name} ${typeKey(type)}`).join(',');
    return this.#signature;
  }
}

const typeKey = (type: SqlType): string =>
  `${type.name} ${String(type.length ?? '')} ${String(type.precision ?? '')} ${String(type.scale ?? '')}`;

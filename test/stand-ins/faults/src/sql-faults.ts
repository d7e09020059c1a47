/**
 * The gate and the observer of the SQL Server stand-in: counts what connections do and lets faults happen to them.
 * A statement meets the oldest fault that fits it, and only that one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlMessage } from '@dstream/stand-in-sql-server';
import type { GateVerdict, RowProgress, TdsGate } from '@dstream/stand-in-sql-server';
import type { ConnectionInfo, StatementInfo, TdsObserver } from '@dstream/stand-in-sql-server';
import { FaultList } from './fault-list.ts';
import { injectedMessage } from './injected-message.ts';
import { StatementCounter } from './statement-counter.ts';

export type StatementAction =
  /** Answered with this error; nothing runs. */
  | { readonly kind: 'fail'; readonly message: SqlMessage }
  /** Runs after so many milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The connection is cut; nothing runs. */
  | { readonly kind: 'drop' }
  /** The connection is cut after the first packet of the result, once it has `afterRows` rows. */
  | { readonly kind: 'drop-result'; readonly afterRows: number }
  /** The result stops after its first packet, once it has `afterRows` rows, for `ms` or until the fault is cleared. */
  | { readonly kind: 'stall'; readonly afterRows: number; readonly ms: number | undefined };

interface StatementFault {
  readonly pattern: RegExp;
  readonly action: StatementAction;
}

interface Stall {
  readonly afterRows: number;
  readonly ms: number | undefined;
  /** The connection is cut there. */
  readonly drop: boolean;
}

export interface SqlCounters {
  readonly connections: number;
  readonly logins: number;
  readonly loginsRefused: number;
  /** Statements cancelled by their client. */
  readonly attentions: number;
  /** Errors inside the stand-in, or of the protocol. */
  readonly failures: number;
  readonly statements: number;
  /** By text without its literals. Transactions count as `BEGIN`, `COMMIT`, `ROLLBACK`, `SAVE`. */
  readonly statementsByText: Readonly<Record<string, number>>;
}

const noCounts = { connections: 0, logins: 0, loginsRefused: 0, attentions: 0, failures: 0 };

export interface SqlFaultsOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** An error of the stand-in itself, or of the protocol. */
  readonly onFailure: (error: unknown) => void;
}

export class SqlFaults {
  readonly #options: SqlFaultsOptions;
  readonly #faults = new FaultList<StatementFault>();
  readonly #statements = new StatementCounter();
  readonly #stalls = new Map<number, Stall>();
  #counts = { ...noCounts };
  #refusal: { readonly untilMs: number; readonly verdict: GateVerdict } | undefined;
  /** Ends the waits that are under way. */
  #cleared = new AbortController();

  constructor(options: SqlFaultsOptions) {
    this.#options = options;
  }

  /** Every statement that matches `pattern` meets `action`, `times` times. */
  onStatement(pattern: RegExp, action: StatementAction, times = 1): void {
    this.#faults.add({ pattern, action }, times);
  }

  /** Logins are refused with this error (18456) for so many milliseconds; 0 ends it. */
  refuseLogins(forMs: number, number = 18_456): void {
    this.#refuse(forMs, { answer: injectedMessage({ number }) });
  }

  /** New connections are cut before their login is answered, for so many milliseconds; 0 ends it. */
  cutLogins(forMs: number): void {
    this.#refuse(forMs, { drop: true });
  }

  #refuse(forMs: number, verdict: GateVerdict): void {
    this.#refusal = { untilMs: this.#options.now() + forMs, verdict };
  }

  counters(): SqlCounters {
    return {
      ...this.#counts,
      statements: this.#statements.total,
      statementsByText: this.#statements.byText(),
    };
  }

  resetCounters(): void {
    this.#counts = { ...noCounts };
    this.#statements.clear();
  }

  /** Ends every fault; what waits goes on. */
  clear(): void {
    this.#faults.clear();
    this.#stalls.clear();
    this.#refusal = undefined;
    this.#cleared.abort();
    this.#cleared = new AbortController();
  }

  readonly observer: TdsObserver = {
    connected: () => (this.#counts.connections += 1),
    disconnected: ({ id }) => void this.#stalls.delete(id),
    login: (_connection, _login, accepted) => (this.#counts[accepted ? 'logins' : 'loginsRefused'] += 1),
    statement: (_connection, { text }) => this.#statements.add(text),
    attention: () => (this.#counts.attentions += 1),
    failure: (_connection, error) => {
      this.#counts.failures += 1;
      this.#options.onFailure(error);
    },
  };

  readonly gate: TdsGate = this.#withRowPacket({
    login: () => {
      const refusal = this.#refusal;
      return Promise.resolve(refusal && this.#options.now() < refusal.untilMs ? refusal.verdict : undefined);
    },
    statement: (connection, statement, signal) => this.#meet(connection, statement, signal),
  });

  /** With this hook the server sends packet by packet, which is slow: so it is there only while a result shall stall. */
  #withRowPacket(gate: TdsGate): TdsGate {
    const rowPacket: TdsGate['rowPacket'] = (connection, progress, signal) =>
      this.#stall(connection, progress, signal);
    return Object.defineProperty(gate, 'rowPacket', {
      get: () => (this.#stalls.size > 0 ? rowPacket : undefined),
    });
  }

  async #meet({ id }: ConnectionInfo, { text }: StatementInfo, signal: AbortSignal): Promise<GateVerdict> {
    this.#stalls.delete(id);
    const action = this.#faults.take(({ pattern }) => pattern.test(text))?.action;
    if (action === undefined) return undefined;
    if (action.kind === 'fail') return { answer: action.message };
    if (action.kind === 'drop') return { drop: true };
    if (action.kind === 'stall') this.#stalls.set(id, { ...action, drop: false });
    else if (action.kind === 'drop-result')
      this.#stalls.set(id, { afterRows: action.afterRows, ms: undefined, drop: true });
    else await this.#wait(action.ms, signal);
    return undefined;
  }

  async #stall(
    { id }: ConnectionInfo,
    { rows, packets }: RowProgress,
    signal: AbortSignal,
  ): Promise<GateVerdict> {
    const stall = this.#stalls.get(id);
    if (stall === undefined || packets === 0 || rows < stall.afterRows) return undefined;
    this.#stalls.delete(id);
    if (stall.drop) return { drop: true };
    await this.#wait(stall.ms, signal);
    return undefined;
  }

  /** Resolves after `ms`, when the faults are cleared, or when the connection gives up. */
  async #wait(ms = 2 ** 31 - 1, signal: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([signal, this.#cleared.signal]);
    // An abort is one of the ways in which the wait ends: whoever aborted acts on it.
    await sleep(ms, undefined, { signal: ended }).catch(() => undefined);
  }
}

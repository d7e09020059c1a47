/**
 * Turns the engine's replies into tokens, at the pace of the socket. Whether more follows stands in each DONE, so
 * the last DONE is held back until the next reply, or the end, is known.
 */
import { setImmediate } from 'node:timers/promises';
import type { EngineSession, Reply, SqlMessage } from '../../engine/engine-session.ts';
import { databaseChanged } from '../handshake/login-answer.ts';
import type { GateVerdict, TdsGate } from '../tds-gate.ts';
import type { ConnectionInfo } from '../tds-observer.ts';
import { writeColumns } from '../tokens/column-metadata.ts';
import { doneToken, writeDone, type Done, type DoneToken } from '../tokens/done.ts';
import { writeDatabaseChange, writeTransactionChange } from '../tokens/environment.ts';
import { ERROR_SEVERITY, FATAL_SEVERITY, writeMessage } from '../tokens/messages.ts';
import { writeReturnStatus, writeReturnValue, type ReturnValue } from '../tokens/return-value.ts';
import { RowWriter } from '../tokens/rows.ts';
import type { ResponseWriter } from '../wire/response-writer.ts';

/** After so many replies other connections, and attentions, get their turn. */
const REPLIES_PER_TURN = 512;

export interface AnswerContext {
  readonly session: EngineSession;
  readonly connection: ConnectionInfo;
  readonly response: ResponseWriter;
  readonly gate: TdsGate;
  readonly signal: AbortSignal;
  /** An exception of the engine or the encoder. */
  readonly failed: (error: unknown) => void;
  /** Ends the connection at once. */
  readonly drop: () => void;
}

export interface FinishedCall {
  /** The names of the call's parameters in their order, those of the protocol's own procedures included. */
  readonly parameters: readonly string[];
  /** The output of sp_prepare and sp_prepexec: their first parameter. */
  readonly handle?: ReturnValue;
}

/** An exception where there should have been a message: reported as an error of a user. */
export function unexpected(error: unknown): SqlMessage {
  const reason = error instanceof Error ? error.message : String(error);
  return { number: 50000, severity: 16, state: 1, message: `The stand-in failed: ${reason}`, line: 1 };
}

export class Answer {
  readonly #context: AnswerContext;
  readonly #statementToken: DoneToken;
  readonly #outputs: ReturnValue[] = [];
  #rows: RowWriter | undefined;
  #pending: Done | undefined;
  #selected = false;
  #failed = false;
  #lastError = 0;
  #status: number | undefined;
  #stopped = false;
  #fatal = false;
  #replies = 0;
  #rowCount = 0;
  #packets = 0;

  /** `inProcedure`: the answer to an RPC, whose statements end in DONEINPROC. */
  constructor(context: AnswerContext, inProcedure: boolean) {
    this.#context = context;
    this.#statementToken = inProcedure ? doneToken.inProcedure : doneToken.done;
  }

  /** An error of severity 20 or more was sent: the connection has to be closed. */
  get fatal(): boolean {
    return this.#fatal;
  }

  /**
   * Encodes all replies. Ends early, and with it the engine's iteration, when the signal aborts, the gate says so or
   * an error is fatal. Never rejects: what the engine throws becomes an error of the result.
   */
  async consume(replies: AsyncIterable<Reply>): Promise<void> {
    try {
      await this.#encode(replies);
    } catch (error) {
      // What an engine throws because it was told to stop is no failure.
      if (this.#context.signal.aborted) return;
      this.#context.failed(error);
      this.message(unexpected(error));
    }
  }

  async #encode(replies: AsyncIterable<Reply>): Promise<void> {
    for await (const reply of replies) {
      this.#take(reply);
      if (this.#turnEnds) await this.#breathe();
      if (this.#stopped || this.#context.signal.aborted) break;
    }
  }

  get #turnEnds(): boolean {
    const { response, gate } = this.#context;
    this.#replies += 1;
    if (gate.rowPacket !== undefined && response.fullPackets > 0) return true;
    return response.wantsFlush || this.#replies % REPLIES_PER_TURN === 0;
  }

  async #breathe(): Promise<void> {
    const { response, gate, signal } = this.#context;
    if (gate.rowPacket !== undefined) await this.#sendGated(gate);
    else if (response.wantsFlush) await response.flush(signal);
    await setImmediate();
  }

  async #sendGated(gate: TdsGate): Promise<void> {
    const { response, connection, signal } = this.#context;
    while (response.fullPackets > 0 && !signal.aborted && !this.#stopped) {
      const progress = { rows: this.#rowCount, packets: this.#packets };
      this.#obey(await gate.rowPacket?.(connection, progress, signal));
      if (!signal.aborted) await response.flush(signal, 1);
      this.#packets += 1;
    }
  }

  /** True when the gate had something to say. */
  #obey(verdict: GateVerdict): boolean {
    if (verdict === undefined) return false;
    this.#stopped = true;
    if ('drop' in verdict) this.#context.drop();
    else this.message(verdict.answer);
    return true;
  }

  #take(reply: Reply): void {
    switch (reply.kind) {
      case 'row':
        this.#rowCount += 1;
        if (this.#rows === undefined) throw new TypeError('The engine sent a row before its columns.');
        this.#rows.write(this.#context.response.body, reply.values);
        return;
      case 'columns':
        this.#next();
        this.#rows = new RowWriter(writeColumns(this.#context.response.body, reply.columns));
        this.#selected = true;
        return;
      case 'done':
        this.#statementDone(reply.count, reply.inProcedure === true);
        return;
      case 'message':
        this.message(reply.message);
        return;
      case 'output':
        this.#outputs.push(reply);
        return;
      case 'return':
        this.#returned(reply.status);
        return;
      case 'database':
      case 'transaction':
        this.#environment(reply);
    }
  }

  #environment(reply: Extract<Reply, { kind: 'database' | 'transaction' }>): void {
    this.#next();
    const { body } = this.#context.response;
    if (reply.kind === 'transaction') {
      writeTransactionChange(body, reply.event, reply.id);
      return;
    }
    writeDatabaseChange(body, reply.name, '');
    writeMessage(body, databaseChanged(reply.name));
  }

  #statementDone(count: number | undefined, inProcedure: boolean): void {
    const token = inProcedure ? doneToken.inProcedure : this.#statementToken;
    this.#hold({ token, count, selected: this.#selected, failed: this.#failed });
  }

  /** The end of a procedure: of the whole RPC, or of an EXEC in a batch. */
  #returned(status: number): void {
    if (this.#statementToken === doneToken.inProcedure) {
      this.#status = status;
      return;
    }
    this.#next();
    writeReturnStatus(this.#context.response.body, status);
    this.#hold({ token: doneToken.procedure, failed: this.#failed });
  }

  #hold(done: Done): void {
    this.#next();
    this.#pending = done;
    this.#selected = false;
    this.#failed = false;
    this.#rows = undefined;
  }

  /** Something follows the DONE that is held back. */
  #next(): void {
    this.#release(true);
  }

  #release(more: boolean): void {
    if (this.#pending === undefined) return;
    writeDone(this.#context.response.body, this.#pending, more, this.#inTransaction);
    this.#pending = undefined;
  }

  get #inTransaction(): boolean {
    return this.#context.session.transactionId !== 0n;
  }

  message(message: SqlMessage): void {
    this.#next();
    writeMessage(this.#context.response.body, message);
    if (message.severity < ERROR_SEVERITY) return;
    this.#failed = true;
    this.#lastError = message.number;
    this.#fatal ||= message.severity >= FATAL_SEVERITY;
    this.#stopped ||= this.#fatal;
  }

  /** Asks the gate; true when the statement must not run. */
  async refused(verdict: Promise<GateVerdict> | undefined): Promise<boolean> {
    return this.#obey(await verdict);
  }

  /** The end of a batch, of a transaction request, and of anything that could not be understood. */
  finish(): void {
    if (this.#pending === undefined || this.#failed || this.#rows !== undefined) {
      this.#hold({ token: doneToken.done, selected: this.#selected, failed: this.#failed });
    }
    this.#release(false);
  }

  /** The end of an RPC: status, output parameters, DONEPROC. */
  finishProcedure(more: boolean, call: FinishedCall = { parameters: [] }): void {
    const { body } = this.#context.response;
    if (this.#rows !== undefined) this.#statementDone(undefined, true);
    this.#next();
    writeReturnStatus(body, this.#status ?? this.#lastError);
    const { handle, parameters } = call;
    if (handle !== undefined) writeReturnValue(body, 0, handle);
    for (const output of this.#outputs) writeReturnValue(body, ordinalOf(output.name, parameters), output);
    writeDone(body, { token: doneToken.procedure, failed: this.#failed }, more, this.#inTransaction);
  }
}

/** SQL Server counts the parameters of the RPC from 0; names are compared as it compares them. */
function ordinalOf(name: string, parameters: readonly string[]): number {
  const wanted = name.toLowerCase();
  return Math.max(
    parameters.findIndex((parameter) => parameter.toLowerCase() === wanted),
    0,
  );
}

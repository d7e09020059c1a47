/**
 * Turns the replies to one request into tokens. Whether more follows stands in each DONE, so the last DONE is held
 * back until the next reply, or the end, is known.
 */
import type {
  EngineSession,
  Reply,
  SqlMessage,
  StatementCommand,
} from '../../engine/interface/engine-session.ts';
import { databaseChanged } from '../handshake/login-answer.ts';
import { writeColumns } from '../tokens/column-metadata.ts';
import { doneToken, writeDone, type Done, type DoneToken } from '../tokens/done.ts';
import { writeDatabaseChange, writeTransactionChange } from '../tokens/environment.ts';
import { ERROR_SEVERITY, FATAL_SEVERITY, writeMessage } from '../tokens/messages.ts';
import { writeReturnStatus, writeReturnValue, type ReturnValue } from '../tokens/return-value.ts';
import { RowWriter } from '../tokens/rows.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

export interface FinishedCall {
  /** The names of the call's parameters in their order, those of the protocol's own procedures included. */
  readonly parameters: readonly string[];
  /** The output of sp_prepare and sp_prepexec: their first parameter. */
  readonly handle?: ReturnValue;
}

type DoneReply = Extract<Reply, { kind: 'done' }>;

export class ReplyEncoder {
  readonly #out: ByteWriter;
  readonly #session: Pick<EngineSession, 'transactionId'>;
  readonly #statementToken: DoneToken;
  readonly #outputs: ReturnValue[] = [];
  #rows: RowWriter | undefined;
  #pending: Done | undefined;
  #selected = false;
  #failed = false;
  #lastError = 0;
  #status: number | undefined;
  #fatal = false;
  #rowCount = 0;

  /** `inProcedure`: the answer to an RPC, whose statements end in DONEINPROC. */
  constructor(out: ByteWriter, session: Pick<EngineSession, 'transactionId'>, inProcedure: boolean) {
    this.#out = out;
    this.#session = session;
    this.#statementToken = inProcedure ? doneToken.inProcedure : doneToken.done;
  }

  /** Rows written so far. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** An error of severity 20 or more was written: the connection has to be closed. */
  get fatal(): boolean {
    return this.#fatal;
  }

  /** Throws, with nothing of the reply written, when the engine broke its contract. */
  take(reply: Reply): void {
    switch (reply.kind) {
      case 'row':
        this.#rowCount += 1;
        if (this.#rows === undefined) throw new TypeError('The engine sent a row before its columns.');
        this.#rows.write(this.#out, reply.values);
        return;
      case 'columns':
        this.#next();
        this.#rows = new RowWriter(writeColumns(this.#out, reply.columns));
        this.#selected = true;
        return;
      case 'done':
        this.#statementDone(reply);
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
    if (reply.kind === 'transaction') {
      writeTransactionChange(this.#out, reply.event, reply.id);
      return;
    }
    writeDatabaseChange(this.#out, reply.name, '');
    writeMessage(this.#out, databaseChanged(reply.name));
  }

  #statementDone({ count, inProcedure, command = this.#selecting }: Omit<DoneReply, 'kind'>): void {
    const token = inProcedure === true ? doneToken.inProcedure : this.#statementToken;
    this.#hold({ token, count, command, failed: this.#failed });
  }

  get #selecting(): StatementCommand | undefined {
    return this.#selected ? 'select' : undefined;
  }

  /** The end of a procedure: of the whole RPC, or of an EXEC in a batch. */
  #returned(status: number): void {
    if (this.#statementToken === doneToken.inProcedure) {
      this.#status = status;
      return;
    }
    this.#next();
    writeReturnStatus(this.#out, status);
    this.#hold({ token: doneToken.procedure, command: 'execute', failed: this.#failed });
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
    writeDone(this.#out, this.#pending, more, this.#inTransaction);
    this.#pending = undefined;
  }

  get #inTransaction(): boolean {
    return this.#session.transactionId !== 0n;
  }

  message(message: SqlMessage): void {
    this.#next();
    writeMessage(this.#out, message);
    if (message.severity < ERROR_SEVERITY) return;
    this.#failed = true;
    this.#lastError = message.number;
    this.#fatal ||= message.severity >= FATAL_SEVERITY;
  }

  /** The end of a batch, of a transaction request, and of anything that could not be understood. */
  finish(): void {
    if (this.#pending === undefined || this.#failed || this.#rows !== undefined) {
      this.#hold({ token: doneToken.done, command: this.#selecting, failed: this.#failed });
    }
    this.#release(false);
  }

  /** The end of an RPC: status, output parameters, DONEPROC. */
  finishProcedure(more: boolean, call: FinishedCall = { parameters: [] }): void {
    if (this.#rows !== undefined) this.#statementDone({ inProcedure: true });
    this.#next();
    writeReturnStatus(this.#out, this.#status ?? this.#lastError);
    const { handle, parameters } = call;
    if (handle !== undefined) writeReturnValue(this.#out, 0, handle);
    for (const output of this.#outputs)
      writeReturnValue(this.#out, ordinalOf(output.name, parameters), output);
    const done: Done = { token: doneToken.procedure, command: 'execute', failed: this.#failed };
    writeDone(this.#out, done, more, this.#inTransaction);
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

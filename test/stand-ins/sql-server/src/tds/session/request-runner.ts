import type { EngineSession } from '../../engine/interface/engine-session.ts';
import { readTransactionDescriptor } from '../requests/all-headers.ts';
import { PreparedStatements } from '../requests/prepared-statements.ts';
import { readRpcRequests, type RpcRequest } from '../requests/rpc.ts';
import { readTransactionRequest } from '../requests/transaction-request.ts';
import type { TdsGate } from './tds-gate.ts';
import type { ConnectionInfo, StatementInfo, TdsObserver } from './tds-observer.ts';
import { writeDatabaseChange, writeResetAcknowledgement } from '../tokens/environment.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { packetStatus, packetType, type Message } from '../wire/packet.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import type { ResponseWriter } from '../wire/response-writer.ts';
import { Answer, type AnswerContext } from './answer.ts';
import { planCall, type CallContext } from './procedure-call.ts';
import {
  malformedCall,
  malformedRequest,
  noBulkLoad,
  unexpected,
  wrongTransactionDescriptor,
} from './request-errors.ts';
import { runTransaction, transactionText } from './transaction-call.ts';

const BULK_TEXT = /^\s*insert\s+bulk\b/iu;

export interface RunnerOptions {
  readonly session: EngineSession;
  readonly connection: ConnectionInfo;
  readonly observer: TdsObserver;
  readonly gate: TdsGate;
  readonly drop: () => void;
}

export interface Running {
  readonly message: Message;
  readonly response: ResponseWriter;
  readonly signal: AbortSignal;
}

/** Runs the requests of one connection, one at a time, each into its response. */
export class RequestRunner {
  readonly #options: RunnerOptions;
  readonly #calls: CallContext;

  constructor(options: RunnerOptions) {
    this.#options = options;
    const prepared = new PreparedStatements();
    const reset = (): void => {
      prepared.clear();
      options.session.reset();
    };
    this.#calls = { session: options.session, prepared, reset };
  }

  /** True when the connection has to be closed afterwards. Never rejects. */
  async run(running: Running): Promise<boolean> {
    const answer = this.#answer(running, running.message.type === packetType.rpc);
    try {
      this.#reset(running);
      return await this.#dispatch(running, answer);
    } catch (error) {
      answer.message(this.#translate(running, error));
      answer.finish();
      return answer.fatal;
    }
  }

  #answer(running: Running, inProcedure: boolean): Answer {
    const { session, connection, gate, observer, drop } = this.#options;
    const failed = (error: unknown): void => observer.failure?.(connection, error);
    const { response, signal } = running;
    const context: AnswerContext = { session, connection, response, gate, signal, failed, drop };
    return new Answer(context, inProcedure);
  }

  #translate({ message }: Running, error: unknown): ReturnType<typeof unexpected> {
    this.#options.observer.failure?.(this.#options.connection, error);
    if (!(error instanceof ProtocolError)) return unexpected(error);
    return message.type === packetType.rpc ? malformedCall(error.message) : malformedRequest(error.message);
  }

  #reset({ message, response }: Running): void {
    const { resetConnection, resetConnectionKeepTransaction } = packetStatus;
    const { session } = this.#options;
    const keep = (message.status & resetConnectionKeepTransaction) !== 0;
    if (!keep && (message.status & resetConnection) === 0) return;
    const before = session.database;
    // The engine's reset rolls back, so inside a transaction that is to be kept nothing is reset.
    if (!keep || session.transactionId === 0n) this.#calls.reset();
    writeResetAcknowledgement(response.body);
    if (session.database !== before) writeDatabaseChange(response.body, session.database, before);
  }

  async #dispatch(running: Running, answer: Answer): Promise<boolean> {
    const { message } = running;
    // A request that was given up while it was sent is answered like any other, with nothing.
    if ((message.status & packetStatus.ignore) !== 0) {
      answer.finish();
      return false;
    }
    switch (message.type) {
      case packetType.batch:
        return this.#batch(running, answer);
      case packetType.rpc:
        return this.#procedures(running, answer);
      case packetType.transactionManager:
        return this.#transaction(running, answer);
      case packetType.bulkLoad:
        answer.message(noBulkLoad());
        answer.finish();
        return false;
      default:
        throw new ProtocolError(`Messages of type ${message.type} are not expected here.`);
    }
  }

  /** Reads past the headers. False, with an error, when the client names a transaction that is not the session's. */
  #headersAccepted({ message }: Running, source: ByteReader, answer: Answer): boolean {
    const descriptor = readTransactionDescriptor(source);
    const { resetConnection } = packetStatus;
    const wasReset = (message.status & resetConnection) !== 0;
    if (wasReset || descriptor === this.#options.session.transactionId) return true;
    answer.message(wrongTransactionDescriptor());
    answer.finish();
    return false;
  }

  async #admitted(answer: Answer, statement: StatementInfo, signal: AbortSignal): Promise<boolean> {
    const { observer, gate, connection } = this.#options;
    observer.statement?.(connection, statement);
    return (
      gate.statement === undefined || !(await answer.refused(gate.statement(connection, statement, signal)))
    );
  }

  async #batch(running: Running, answer: Answer): Promise<boolean> {
    const source = new ByteReader(running.message.body);
    if (!this.#headersAccepted(running, source, answer)) return false;
    const text = source.bytes.toString('utf16le', source.position);
    if (BULK_TEXT.test(text)) answer.message(noBulkLoad());
    else if (await this.#admitted(answer, { kind: 'batch', text }, running.signal)) {
      await answer.consume(this.#options.session.batch(text, [], running.signal));
    }
    answer.finish();
    return answer.fatal;
  }

  async #transaction(running: Running, answer: Answer): Promise<boolean> {
    const source = new ByteReader(running.message.body);
    if (!this.#headersAccepted(running, source, answer)) return false;
    const request = readTransactionRequest(source);
    const statement = { kind: 'transaction' as const, text: transactionText(request) };
    if (await this.#admitted(answer, statement, running.signal)) {
      await answer.consume(runTransaction(this.#options.session, request));
    }
    answer.finish();
    return answer.fatal;
  }

  async #procedures(running: Running, answer: Answer): Promise<boolean> {
    const source = new ByteReader(running.message.body);
    if (!this.#headersAccepted(running, source, answer)) return false;
    const requests = readRpcRequests(source);
    for (const [index, request] of requests.entries()) {
      const current = index === 0 ? answer : this.#answer(running, true);
      const stop = await this.#call(running, current, request, index === requests.length - 1);
      if (stop) return current.fatal;
    }
    return false;
  }

  /** True when no further call of the request is to be made. */
  async #call(running: Running, answer: Answer, request: RpcRequest, last: boolean): Promise<boolean> {
    const call = planCall(request, this.#calls);
    if (call.error !== undefined) answer.message(call.error);
    const { statement, run, parameters = [], handle } = call;
    const admitted = statement === undefined || (await this.#admitted(answer, statement, running.signal));
    if (admitted && run !== undefined) await answer.consume(run(running.signal));
    const stop = last || answer.fatal || running.signal.aborted;
    answer.finishProcedure(!stop, { parameters, ...(handle && { handle }) });
    return stop;
  }
}

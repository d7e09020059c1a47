import { setImmediate } from 'node:timers/promises';
import type { EngineSession, Reply, SqlMessage } from '../../engine/interface/engine-session.ts';
import type { GateVerdict, TdsGate } from './tds-gate.ts';
import type { ConnectionInfo } from './tds-observer.ts';
import type { ResponseWriter } from '../wire/response-writer.ts';
import { ReplyEncoder, type FinishedCall } from './reply-encoder.ts';
import { unexpected } from './request-errors.ts';

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

/** The answer to one request: pulls the engine's replies at the pace of the socket, past the gate. */
export class Answer {
  readonly #context: AnswerContext;
  readonly #encoder: ReplyEncoder;
  #stopped = false;
  #replies = 0;
  #packets = 0;

  /** `inProcedure`: the answer to an RPC. */
  constructor(context: AnswerContext, inProcedure: boolean) {
    this.#context = context;
    this.#encoder = new ReplyEncoder(context.response.body, context.session, inProcedure);
  }

  /** An error of severity 20 or more was sent: the connection has to be closed. */
  get fatal(): boolean {
    return this.#encoder.fatal;
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
      this.#encoder.message(unexpected(error));
    }
  }

  async #encode(replies: AsyncIterable<Reply>): Promise<void> {
    for await (const reply of replies) {
      this.#encoder.take(reply);
      this.#replies += 1;
      if (this.#turnEnds) await this.#breathe();
      if (this.#stopped || this.fatal || this.#context.signal.aborted) break;
    }
  }

  get #turnEnds(): boolean {
    const { response, gate } = this.#context;
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
      const progress = { rows: this.#encoder.rowCount, packets: this.#packets };
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
    else this.#encoder.message(verdict.answer);
    return true;
  }

  /** Asks the gate; true when the statement must not run. */
  async refused(verdict: Promise<GateVerdict>): Promise<boolean> {
    return this.#obey(await verdict);
  }

  message(message: SqlMessage): void {
    this.#encoder.message(message);
  }

  /** The end of a batch, of a transaction request, and of anything that could not be understood. */
  finish(): void {
    this.#encoder.finish();
  }

  /** The end of an RPC; `more`: another follows in the same message. */
  finishProcedure(more: boolean, call?: FinishedCall): void {
    this.#encoder.finishProcedure(more, call);
  }
}

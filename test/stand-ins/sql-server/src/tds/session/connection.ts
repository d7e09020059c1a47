/**
 * One client, from its first byte to its last.
 *
 * - **prelogin**: the client's PRELOGIN is answered; with encryption agreed, TLS begins: for the whole connection, or
 *   up to the end of the login. Anything else ends it.
 * - **login**: LOGIN7, and the token of a login that announces one, go to the gate and the engine. Accepted: on to *ready*. Refused: answered, then closed.
 * - **ready**: the next message is a request, or an attention that came too late for its request and is
 *   acknowledged alone.
 * - **running**: a request runs. An attention aborts its signal; the response is ended where it stands, and the
 *   acknowledgement follows in a message of its own. Then *ready*, or *closing* after a fatal error.
 * - **closing**: what was written is sent, the engine's session is closed. The client's leaving comes here from
 *   everywhere: the transport's signal aborts what runs.
 */
import type { SqlEngine } from '../../engine/interface/engine-session.ts';
import type { Certificate } from '../handshake/certificate.ts';
import { readFedAuthToken, writeFedAuthInfo } from '../handshake/federated.ts';
import { readLogin, type Login } from '../handshake/login-request.ts';
import {
  answerEncryption,
  encryption,
  preloginAnswer,
  readEncryption,
  readsTokens,
} from '../handshake/prelogin.ts';
import type { TdsGate } from './tds-gate.ts';
import type { ConnectionInfo, TdsObserver } from './tds-observer.ts';
import { writeAttentionDone } from '../tokens/done.ts';
import { INITIAL_PACKET_BYTES, packetType, type Message } from '../wire/packet.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { ResponseWriter } from '../wire/response-writer.ts';
import { logIn, type Accepted } from './login.ts';
import { RequestRunner } from './request-runner.ts';
import type { Transport } from './transport.ts';

export interface ConnectionOptions {
  readonly engine: SqlEngine;
  readonly observer: TdsObserver;
  readonly gate: TdsGate;
  readonly certificate: Certificate;
  readonly requireEncryption: boolean;
  readonly connection: ConnectionInfo;
  readonly transport: Transport;
}

export class Connection {
  readonly #options: ConnectionOptions;
  #encrypted = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Resolves when the connection is closed and nothing of it runs any more. Never rejects. */
  async run(): Promise<void> {
    const { transport, observer, connection } = this.#options;
    observer.connected?.(connection);
    try {
      await this.#serve();
    } catch (error) {
      observer.failure?.(connection, error);
      transport.drop();
    }
    await transport.closed;
    observer.disconnected?.(connection);
  }

  async #serve(): Promise<void> {
    const { transport } = this.#options;
    if (!(await this.#prelogin())) return;
    const accepted = await this.#login();
    if (accepted === undefined) {
      transport.end();
      return;
    }
    try {
      await this.#ready(accepted);
    } finally {
      accepted.session.close();
    }
    transport.end();
  }

  async #expect(type: number, name: string): Promise<Message | undefined> {
    const message = await this.#options.transport.next();
    if (message !== undefined && message.type !== type) throw new ProtocolError(`${name} was expected.`);
    return message;
  }

  async #prelogin(): Promise<boolean> {
    const { transport, certificate, requireEncryption } = this.#options;
    const message = await this.#expect(packetType.prelogin, 'PRELOGIN');
    if (message === undefined) return false;
    const agreed = answerEncryption(readEncryption(message.body), requireEncryption);
    this.#encrypted = agreed === encryption.on || agreed === encryption.required;
    // Before the answer goes out, for the client begins its handshake at once.
    const forLogin = agreed === encryption.off;
    const secureContext = this.#encrypted || forLogin ? await certificate.context() : undefined;
    const response = this.#response(INITIAL_PACKET_BYTES, 0);
    response.body.raw(preloginAnswer(agreed, readsTokens(message.body)));
    await response.end(transport.signal);
    if (secureContext === undefined) return true;
    if (forLogin) transport.encryptLogin(secureContext);
    else transport.encrypt(secureContext);
    return true;
  }

  async #login(): Promise<Accepted | undefined> {
    const message = await this.#expect(packetType.login, 'LOGIN7');
    if (message === undefined) return undefined;
    if (!this.#encrypted) this.#options.transport.endEncryption();
    const login = await this.#withToken(readLogin(message.body));
    return login && logIn({ ...this.#options, encrypted: this.#encrypted }, login);
  }

  /** Asks for the token of a login that announces one. Undefined when the client left instead: it got none. */
  async #withToken(login: Login): Promise<Login | undefined> {
    if (!login.federated) return login;
    const response = this.#response(INITIAL_PACKET_BYTES, 0);
    writeFedAuthInfo(response.body);
    await response.end(this.#options.transport.signal);
    const message = await this.#expect(packetType.federatedToken, 'A federated authentication token');
    return message && { ...login, request: { ...login.request, token: readFedAuthToken(message.body) } };
  }

  #response(packetBytes: number, spid: number): ResponseWriter {
    return new ResponseWriter(this.#options.transport.stream, { type: packetType.result, packetBytes, spid });
  }

  async #ready(accepted: Accepted): Promise<void> {
    const { transport, connection, observer, gate } = this.#options;
    const { session } = accepted;
    const drop = (): void => transport.drop();
    const runner = new RequestRunner({ session, connection, observer, gate, drop });
    for (let message = await transport.next(); message !== undefined; message = await transport.next()) {
      if (message.type === packetType.attention) await this.#acknowledge(accepted);
      else if (await this.#run(runner, message, accepted)) return;
    }
  }

  /** True when the connection has to be closed. */
  async #run(runner: RequestRunner, message: Message, accepted: Accepted): Promise<boolean> {
    const { transport, observer, connection } = this.#options;
    const cancelled = new AbortController();
    transport.watchAttention(() => cancelled.abort());
    const signal = AbortSignal.any([transport.signal, cancelled.signal]);
    const response = this.#response(accepted.packetBytes, accepted.session.id);
    const fatal = await runner.run({ message, response, signal });
    transport.unwatchAttention();
    await response.end(transport.signal);
    if (cancelled.signal.aborted) {
      observer.attention?.(connection);
      await this.#acknowledge(accepted);
    }
    return fatal;
  }

  async #acknowledge({ packetBytes, session }: Accepted): Promise<void> {
    const response = this.#response(packetBytes, session.id);
    writeAttentionDone(response.body);
    await response.end(this.#options.transport.signal);
  }
}

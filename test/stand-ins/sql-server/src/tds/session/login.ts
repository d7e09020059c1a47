import type { EngineSession, SqlEngine, SqlMessage } from '../../engine/interface/engine-session.ts';
import type { Login } from '../handshake/login-request.ts';
import { writeLoginAccepted, writeLoginRefused } from '../handshake/login-answer.ts';
import type { TdsGate } from './tds-gate.ts';
import type { ConnectionInfo, LoginInfo, TdsObserver } from './tds-observer.ts';
import { INITIAL_PACKET_BYTES, negotiatePacketBytes, packetType } from '../wire/packet.ts';
import { ResponseWriter } from '../wire/response-writer.ts';
import { unexpected } from './request-errors.ts';
import type { Transport } from './transport.ts';

export interface LoginContext {
  readonly engine: SqlEngine;
  readonly observer: TdsObserver;
  readonly gate: TdsGate;
  readonly connection: ConnectionInfo;
  readonly transport: Transport;
  readonly encrypted: boolean;
}

export interface Accepted {
  readonly session: EngineSession;
  readonly packetBytes: number;
}

type Decision = { readonly session: EngineSession } | { readonly error: SqlMessage } | undefined;

/** Undefined: the gate dropped the connection, or the client left. */
async function decide(context: LoginContext, login: Login, info: LoginInfo): Promise<Decision> {
  const { gate, connection, transport } = context;
  const verdict = await gate.login?.(connection, info, transport.signal);
  if (verdict !== undefined && 'drop' in verdict) {
    transport.drop();
    return undefined;
  }
  if (verdict !== undefined) return { error: verdict.answer };
  return transport.signal.aborted ? undefined : askEngine(context, login);
}

function askEngine({ engine, observer, connection }: LoginContext, login: Login): Decision {
  try {
    const result = engine.login(login.request);
    return result.ok ? { session: result.session } : { error: result.error };
  } catch (error) {
    observer.failure?.(connection, error);
    return { error: unexpected(error) };
  }
}

function loginInfo({ request }: Login, encrypted: boolean): LoginInfo {
  const { user, database, appName, hostName } = request;
  return { user, database, appName, hostName, encrypted };
}

/** Asks gate and engine and answers the client. Undefined when there is no session: close the connection. */
export async function logIn(context: LoginContext, login: Login): Promise<Accepted | undefined> {
  const { transport, observer, connection } = context;
  const info = loginInfo(login, context.encrypted);
  const decision = await decide(context, login, info);
  if (decision === undefined) return undefined;
  const accepted = 'session' in decision ? decision.session : undefined;
  observer.login?.(connection, info, accepted !== undefined);
  const packetBytes = negotiatePacketBytes(login.packetBytes);
  // The answer itself still has the first size.
  const frame = { type: packetType.result, packetBytes: INITIAL_PACKET_BYTES, spid: accepted?.id ?? 0 };
  const response = new ResponseWriter(transport.stream, frame);
  if ('session' in decision) writeLoginAccepted(response.body, login, decision.session.database, packetBytes);
  else writeLoginRefused(response.body, login, decision.error);
  await response.end(transport.signal);
  return accepted === undefined ? undefined : { session: accepted, packetBytes };
}

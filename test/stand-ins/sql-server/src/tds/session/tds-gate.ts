import type { SqlMessage } from '../../engine/interface/engine-session.ts';
import type { ConnectionInfo, LoginInfo, StatementInfo } from './tds-observer.ts';

/** What a gate decides: nothing (go on), an error to answer with instead, or the end of the connection. */
export type GateVerdict = { readonly answer: SqlMessage } | { readonly drop: true } | undefined;

export interface RowProgress {
  /** Rows of the running request that were encoded so far. */
  readonly rows: number;
  /** Packets of the running request that were sent so far. */
  readonly packets: number;
}

/**
 * Where faults come in. Each hook is awaited, so a delay is a hook that resolves later; it must settle when `signal`
 * aborts (the client cancelled, or the connection is gone). Without hooks the server pays nothing for them.
 */
export interface TdsGate {
  /** Before the engine is asked. An answer is sent as the reason of a refused login. */
  login?(connection: ConnectionInfo, login: LoginInfo, signal: AbortSignal): Promise<GateVerdict>;
  /** Before a statement of any kind runs. */
  statement?(connection: ConnectionInfo, statement: StatementInfo, signal: AbortSignal): Promise<GateVerdict>;
  /** Before each full packet of a result; an answer ends the result with that error. */
  rowPacket?(connection: ConnectionInfo, progress: RowProgress, signal: AbortSignal): Promise<GateVerdict>;
}

export type { SqlEngine, SqlMessage } from './engine/interface/engine-session.ts';
export { type EngineControl, type RestorePoint, type Timers, createSqlEngine } from './engine/sql-engine.ts';
export { userOfToken } from './identity-token.ts';
export type { GateVerdict, RowProgress, TdsGate } from './tds/session/tds-gate.ts';
export type { ConnectionInfo, StatementInfo, TdsObserver } from './tds/session/tds-observer.ts';
export { startTdsServer } from './tds/tds-server.ts';

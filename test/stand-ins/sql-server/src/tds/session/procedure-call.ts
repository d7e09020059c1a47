/**
 * The system procedures of the protocol. sp_executesql and the prepared statements run on `EngineSession.batch`;
 * everything else is the engine's.
 */
import type {
  EngineSession,
  Reply,
  SqlMessage,
  SqlParameter,
} from '../../engine/interface/engine-session.ts';
import { declaredNames } from '../requests/declared-names.ts';
import { nameParameters, type PreparedStatements } from '../requests/prepared-statements.ts';
import type { RpcRequest } from '../requests/rpc.ts';
import type { StatementInfo } from './tds-observer.ts';
import type { ReturnValue } from '../tokens/return-value.ts';
import { missingParameter, noCursors, unknownHandle } from './request-errors.ts';

/** What a call comes to. */
export interface PlannedCall {
  /** Names of all parameters of the call, by place; absent when it has no outputs of the engine. */
  readonly parameters?: readonly string[];
  readonly statement?: StatementInfo;
  readonly run?: (signal: AbortSignal) => AsyncIterable<Reply>;
  readonly error?: SqlMessage;
  readonly handle?: ReturnValue;
}

export interface CallContext {
  readonly session: EngineSession;
  readonly prepared: PreparedStatements;
  /** The connection's state back to what it was after the login. */
  reset(): void;
}

function plain(name: string): string {
  return name
    .replaceAll(/[[\]]/gu, '')
    .toLowerCase()
    .replace(/^(?:master\.)?(?:sys|dbo)?\./u, '');
}

function textOf(parameter: SqlParameter | undefined): string | undefined {
  return typeof parameter?.value === 'string' ? parameter.value : undefined;
}

/** `own`: how many parameters of the call come before those of the statement. */
function text(
  sql: string,
  parameters: readonly SqlParameter[],
  context: CallContext,
  own: number,
): PlannedCall {
  return {
    parameters: [...Array.from({ length: own }, () => ''), ...parameters.map(({ name }) => name)],
    statement: { kind: 'execute', text: sql },
    run: (signal) => context.session.batch(sql, parameters, signal),
  };
}

function executeSql(parameters: readonly SqlParameter[], context: CallContext): PlannedCall {
  const [statement, declarations, ...values] = parameters;
  const sql = textOf(statement);
  if (sql === undefined) return { error: missingParameter('sp_executesql', '@statement') };
  return text(sql, nameParameters(values, declaredNames(textOf(declarations) ?? '')), context, 2);
}

function handleOutput(parameter: SqlParameter | undefined, handle: number): ReturnValue {
  return { name: parameter?.name ?? '', type: { name: 'int' }, value: handle };
}

function prepare(parameters: readonly SqlParameter[], context: CallContext): PlannedCall {
  const [output, declarations, statement] = parameters;
  const sql = textOf(statement);
  if (sql === undefined) return { error: missingParameter('sp_prepare', '@stmt') };
  return { handle: handleOutput(output, context.prepared.prepare(sql, textOf(declarations) ?? '')) };
}

function prepareAndExecute(parameters: readonly SqlParameter[], context: CallContext): PlannedCall {
  const [output, declarations, statement, ...values] = parameters;
  const sql = textOf(statement);
  if (sql === undefined) return { error: missingParameter('sp_prepexec', '@stmt') };
  const names = textOf(declarations) ?? '';
  const handle = handleOutput(output, context.prepared.prepare(sql, names));
  return { ...text(sql, nameParameters(values, declaredNames(names)), context, 3), handle };
}

function handleOf(parameter: SqlParameter | undefined): number {
  return typeof parameter?.value === 'number' ? parameter.value : 0;
}

function execute(parameters: readonly SqlParameter[], context: CallContext): PlannedCall {
  const [first, ...values] = parameters;
  const handle = handleOf(first);
  const found = context.prepared.find(handle);
  if (found === undefined) return { error: unknownHandle(handle) };
  return text(found.sql, nameParameters(values, found.names), context, 1);
}

function unprepare(parameters: readonly SqlParameter[], context: CallContext): PlannedCall {
  const handle = handleOf(parameters[0]);
  return context.prepared.unprepare(handle) ? {} : { error: unknownHandle(handle) };
}

function engineProcedure({ procedure, parameters }: RpcRequest, context: CallContext): PlannedCall {
  return {
    parameters: parameters.map(({ name }) => name),
    statement: { kind: 'procedure', text: procedure },
    run: (signal) => context.session.procedure(procedure, parameters, signal),
  };
}

/** Preparing and resetting happen here and now; what the engine does waits in `run`. */
export function planCall(request: RpcRequest, context: CallContext): PlannedCall {
  const name = plain(request.procedure);
  if (name.startsWith('sp_cursor')) return { error: noCursors(name) };
  switch (name) {
    case 'sp_executesql':
      return executeSql(request.parameters, context);
    case 'sp_prepare':
      return prepare(request.parameters, context);
    case 'sp_execute':
      return execute(request.parameters, context);
    case 'sp_prepexec':
      return prepareAndExecute(request.parameters, context);
    case 'sp_unprepare':
      return unprepare(request.parameters, context);
    case 'sp_reset_connection':
      context.reset();
      return {};
    default:
      return engineProcedure(request, context);
  }
}

/** Errors that the server itself answers with, numbered and worded as SQL Server does where it has such an error. */
import type { SqlMessage } from '../../engine/interface/engine-session.ts';

function error(number: number, message: string): SqlMessage {
  return { number, severity: 16, state: 1, message, line: 1 };
}

export function malformedRequest(reason: string): SqlMessage {
  return error(4002, `The incoming tabular data stream (TDS) protocol stream is incorrect. ${reason}`);
}

export function malformedCall(reason: string): SqlMessage {
  const lead =
    'The incoming tabular data stream (TDS) remote procedure call (RPC) protocol stream is incorrect.';
  return error(8009, `${lead} ${reason}`);
}

export function unknownHandle(handle: number): SqlMessage {
  return error(8179, `Could not find prepared statement with handle ${handle}.`);
}

export function missingParameter(procedure: string, parameter: string): SqlMessage {
  return error(
    201,
    `Procedure or function '${procedure}' expects parameter '${parameter}', which was not supplied.`,
  );
}

export function wrongTransactionDescriptor(): SqlMessage {
  return error(
    3989,
    'New request is not allowed to start because it should come with valid transaction descriptor.',
  );
}

export function noBulkLoad(): SqlMessage {
  return error(50000, 'Bulk load (INSERT BULK) is not supported by this stand-in. Send INSERT statements.');
}

export function noCursors(procedure: string): SqlMessage {
  return error(50000, `Server cursors (${procedure}) are not supported by this stand-in.`);
}

/** An exception where there should have been a message: reported as an error of a user. */
export function unexpected(thrown: unknown): SqlMessage {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return error(50000, `The stand-in failed: ${reason}`);
}

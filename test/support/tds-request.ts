import { Request, type Connection } from 'tedious';

export interface Outcome {
  readonly rows: unknown[][];
  readonly error: (Error & { number?: number; lineNumber?: number; code?: string }) | undefined;
  readonly rowCount: number | undefined;
  readonly outputs: Record<string, unknown>;
}

export type Send = (connection: Connection, request: Request) => void;
export const execute: Send = (connection, request) => connection.execSql(request);

/** Runs one request to its end. */
export function runRequest(
  connection: Connection,
  text: string,
  send = execute,
  prepare?: (request: Request) => void,
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const rows: unknown[][] = [];
  const outputs: Record<string, unknown> = {};
  const request = new Request(text, (failure, rowCount) => {
    resolve({ rows, error: failure ?? undefined, rowCount, outputs });
  });
  request.on('row', (columns: { value: unknown }[]) => rows.push(columns.map(({ value }) => value)));
  request.on('returnValue', (name: string, value: unknown) => (outputs[name] = value));
  prepare?.(request);
  send(connection, request);
  return promise;
}

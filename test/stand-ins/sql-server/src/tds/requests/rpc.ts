/** RPC requests ([MS-TDS] 2.2.6.6). */
import type { SqlParameter } from '../../engine/interface/engine-session.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import { readParameterType } from './parameter-type.ts';

export interface RpcRequest {
  readonly procedure: string;
  readonly parameters: readonly SqlParameter[];
}

const BY_ID = 0xffff;
const NEXT_REQUEST = 0xff;
const NEXT_REQUEST_NO_EXEC = 0xfe;

const status = { byReference: 0x01, useDefault: 0x02 } as const;

/** Procedures that are called by number. */
const procedureIds: readonly string[] = [
  '',
  'sp_cursor',
  'sp_cursoropen',
  'sp_cursorprepare',
  'sp_cursorexecute',
  'sp_cursorprepexec',
  'sp_cursorunprepare',
  'sp_cursorfetch',
  'sp_cursoroption',
  'sp_cursorclose',
  'sp_executesql',
  'sp_prepare',
  'sp_execute',
  'sp_prepexec',
  'sp_prepexecrpc',
  'sp_unprepare',
];

function readProcedure(source: ByteReader): string {
  const length = source.u16();
  if (length !== BY_ID) return source.ucs2(length);
  const id = source.u16();
  return procedureIds[id] ?? `procedure number ${id}`;
}

/** Undefined for a parameter that asks for its default: it is as if it were not given. */
function readParameter(source: ByteReader): SqlParameter | undefined {
  const name = source.shortText();
  const flags = source.u8();
  const { type, read } = readParameterType(source);
  const value = read(source);
  if ((flags & status.useDefault) !== 0) return undefined;
  return { name, type, value, output: (flags & status.byReference) !== 0 };
}

function atSeparator(source: ByteReader): boolean {
  const next = source.bytes[source.position];
  return next === NEXT_REQUEST || next === NEXT_REQUEST_NO_EXEC;
}

function readRequest(source: ByteReader): RpcRequest {
  const procedure = readProcedure(source);
  source.skip(2);
  const parameters: SqlParameter[] = [];
  while (!source.atEnd && !atSeparator(source)) {
    const parameter = readParameter(source);
    if (parameter !== undefined) parameters.push(parameter);
  }
  return { procedure, parameters };
}

/** All calls of one request, in order; `source` stands after ALL_HEADERS. */
export function readRpcRequests(source: ByteReader): RpcRequest[] {
  const requests = [readRequest(source)];
  while (!source.atEnd) {
    source.skip(1);
    if (!source.atEnd) requests.push(readRequest(source));
  }
  return requests;
}

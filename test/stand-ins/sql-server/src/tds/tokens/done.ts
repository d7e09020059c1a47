import type { StatementCommand } from '../../engine/interface/engine-session.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

/** DONE ends a statement of a batch, DONEINPROC one of a procedure, DONEPROC a procedure ([MS-TDS] 2.2.7.6 to 8). */
export const doneToken = { done: 0xfd, procedure: 0xfe, inProcedure: 0xff } as const;
export type DoneToken = (typeof doneToken)[keyof typeof doneToken];

export const doneStatus = {
  more: 0x01,
  error: 0x02,
  inTransaction: 0x04,
  count: 0x10,
  attention: 0x20,
} as const;

/**
 * CurCmd. [MS-TDS] leaves the values open; these are the ones that mssql-jdbc knows (its class StreamDone), which
 * takes a count for an update count only after a command that writes.
 */
const COMMAND_CODES: Readonly<Record<StatementCommand, number>> = {
  dropSchema: 0xb0,
  select: 0xc1,
  selectInto: 0xc2,
  insert: 0xc3,
  delete: 0xc4,
  update: 0xc5,
  createTable: 0xc6,
  dropTable: 0xc7,
  createIndex: 0xc8,
  dropIndex: 0xc9,
  createDatabase: 0xcb,
  dropDatabase: 0xcc,
  alterTable: 0xd8,
  execute: 0xe0,
  dropType: 0x110,
  createType: 0x111,
  merge: 0x117,
  createSchema: 0x14a,
};

export interface Done {
  readonly token: DoneToken;
  readonly count?: number | undefined;
  readonly command?: StatementCommand | undefined;
  readonly failed?: boolean;
}

export function writeDone(out: ByteWriter, done: Done, more: boolean, inTransaction: boolean): void {
  let status = more ? doneStatus.more : 0;
  if (done.failed === true) status |= doneStatus.error;
  if (inTransaction) status |= doneStatus.inTransaction;
  if (done.count !== undefined) status |= doneStatus.count;
  out.u8(done.token);
  out.u16(status);
  out.u16(done.command === undefined ? 0 : COMMAND_CODES[done.command]);
  out.u64(BigInt(done.count ?? 0));
}

/** The answer to an attention, alone in its message. */
export function writeAttentionDone(out: ByteWriter): void {
  out.u8(doneToken.done);
  out.u16(doneStatus.attention);
  out.u16(0);
  out.u64(0n);
}

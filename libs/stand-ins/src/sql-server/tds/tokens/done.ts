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

/** CurCmd of a SELECT; others are not told apart. */
const SELECT = 0xc1;

export interface Done {
  readonly token: DoneToken;
  readonly count?: number | undefined;
  readonly selected?: boolean;
  readonly failed?: boolean;
}

export function writeDone(out: ByteWriter, done: Done, more: boolean, inTransaction: boolean): void {
  let status = more ? doneStatus.more : 0;
  if (done.failed === true) status |= doneStatus.error;
  if (inTransaction) status |= doneStatus.inTransaction;
  if (done.count !== undefined) status |= doneStatus.count;
  out.u8(done.token);
  out.u16(status);
  out.u16(done.selected === true ? SELECT : 0);
  out.u64(BigInt(done.count ?? 0));
}

/** The answer to an attention, alone in its message. */
export function writeAttentionDone(out: ByteWriter): void {
  out.u8(doneToken.done);
  out.u16(doneStatus.attention);
  out.u16(0);
  out.u64(0n);
}

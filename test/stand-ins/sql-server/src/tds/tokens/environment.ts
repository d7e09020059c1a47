/** ENVCHANGE tokens ([MS-TDS] 2.2.7.9). */
import { COLLATION } from '../types/collation.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

const ENVCHANGE = 0xe3;

const kind = {
  database: 1,
  language: 2,
  packetSize: 4,
  collation: 7,
  begin: 8,
  commit: 9,
  rollback: 10,
  reset: 18,
} as const;

function change(out: ByteWriter, type: number, content: () => void): void {
  out.u8(ENVCHANGE);
  const length = out.openLength();
  out.u8(type);
  content();
  out.closeLength(length);
}

function textChange(out: ByteWriter, type: number, now: string, before: string): void {
  change(out, type, () => {
    out.shortText(now);
    out.shortText(before);
  });
}

export function writeDatabaseChange(out: ByteWriter, now: string, before: string): void {
  textChange(out, kind.database, now, before);
}

export function writeLanguageChange(out: ByteWriter, now: string): void {
  textChange(out, kind.language, now, '');
}

export function writePacketSizeChange(out: ByteWriter, now: number, before: number): void {
  textChange(out, kind.packetSize, String(now), String(before));
}

export function writeCollationChange(out: ByteWriter): void {
  change(out, kind.collation, () => {
    out.u8(COLLATION.length);
    out.raw(COLLATION);
    out.u8(0);
  });
}

/** The descriptor is the new value of a begin and the old one of a commit or rollback. */
export function writeTransactionChange(
  out: ByteWriter,
  event: 'begin' | 'commit' | 'rollback',
  id: bigint,
): void {
  change(out, kind[event], () => {
    if (event !== 'begin') out.u8(0);
    out.u8(8);
    out.u64(id);
    if (event === 'begin') out.u8(0);
  });
}

export function writeResetAcknowledgement(out: ByteWriter): void {
  change(out, kind.reset, () => out.u16(0));
}

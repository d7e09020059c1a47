/** Transaction manager requests ([MS-TDS] 2.2.6.9). */
import type { IsolationLevel } from '../../engine/interface/engine-session.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import { ProtocolError } from '../wire/protocol-error.ts';

export interface BeginRequest {
  readonly isolation: IsolationLevel | undefined;
  readonly name: string;
}

export type TransactionRequest =
  | { readonly kind: 'begin'; readonly begin: BeginRequest }
  /** `next`: a transaction that begins as soon as this one has ended. */
  | { readonly kind: 'commit'; readonly next?: BeginRequest }
  | { readonly kind: 'rollback'; readonly name: string; readonly next?: BeginRequest }
  | { readonly kind: 'save'; readonly name: string };

const isolationLevels: readonly (IsolationLevel | undefined)[] = [
  undefined,
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
  'snapshot',
];

const BEGIN_NEXT = 0x01;

/** The length is in bytes. */
function readName(source: ByteReader): string {
  return source.raw(source.u8()).toString('utf16le');
}

function readBegin(source: ByteReader): BeginRequest {
  const level = source.u8();
  return { isolation: isolationLevels[level], name: readName(source) };
}

function readNext(source: ByteReader): { readonly next?: BeginRequest } {
  return (source.u8() & BEGIN_NEXT) === 0 ? {} : { next: readBegin(source) };
}

/** `source` stands after ALL_HEADERS. */
export function readTransactionRequest(source: ByteReader): TransactionRequest {
  const operation = source.u16();
  switch (operation) {
    case 5:
      return { kind: 'begin', begin: readBegin(source) };
    case 7:
      readName(source);
      return { kind: 'commit', ...readNext(source) };
    case 8:
      return { kind: 'rollback', name: readName(source), ...readNext(source) };
    case 9:
      return { kind: 'save', name: readName(source) };
    default:
      throw new ProtocolError(
        `The transaction manager request ${operation} is not supported (no distributed transactions).`,
      );
  }
}

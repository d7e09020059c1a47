import {
  encodeChange,
  type ChangeEvent,
  type ChangeMetadata,
  type EncodedChange,
  type Position,
  type Stamp,
  type TableId,
} from '@dstream/core';

/** The table of `aChange`. */
export const aTable: TableId = { source: 's', database: 'd', schema: 'dbo', table: 'T' };

/** An insert of row `n` into `dbo.T` of server `s`, database `d`; `metadata` overrides what a test cares about. */
export function aChange(n: number, metadata: Partial<ChangeMetadata> = {}): ChangeEvent {
  return {
    data: { N: n },
    metadata: {
      version: 2,
      id: `c${n}`,
      source: 'sqlserver',
      server: 's',
      database: 'd',
      schema: 'dbo',
      table: 'T',
      operation: 'insert',
      key: { N: n },
      origin: { captureInstance: 'dbo_T', lsn: '0x01', seqval: '0x01' },
      sequence: n,
      committedAt: '2026-11-20T00:00:00.000Z',
      position: `p${String(n).padStart(4, '0')}` as Position,
      ...metadata,
    },
  };
}

/** The same as its source hands it on. */
export function anEncodedChange(n: number, metadata: Partial<ChangeMetadata> = {}): EncodedChange {
  return encodeChange(aChange(n, metadata), aTable);
}

/** Its envelope as ingesters wrote it before there was `metadata.origin`. */
export function lineOfVersion1({ metadata, ...images }: ChangeEvent, stamp: Stamp): string {
  const { version: _newer, origin, ...rest } = metadata;
  return JSON.stringify({ ...images, metadata: { version: 1, ...rest, ...origin, ...stamp } });
}

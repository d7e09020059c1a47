import type { ChangeEvent, ChangeMetadata, Position } from '@dstream/core';

/** An insert of row `n` into `dbo.T` of server `s`, database `d`; `metadata` overrides what a test cares about. */
export function aChange(n: number, metadata: Partial<ChangeMetadata> = {}): ChangeEvent {
  return {
    data: { N: n },
    metadata: {
      version: 1,
      id: `c${n}`,
      source: 'sqlserver',
      server: 's',
      database: 'd',
      schema: 'dbo',
      table: 'T',
      captureInstance: 'dbo_T',
      operation: 'insert',
      key: { N: n },
      lsn: '0x01',
      seqval: '0x01',
      sequence: n,
      committedAt: '2026-11-20T00:00:00.000Z',
      position: `p${String(n).padStart(4, '0')}` as Position,
      ...metadata,
    },
  };
}

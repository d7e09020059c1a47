import { expect, test } from 'vitest';
import { readReport } from './replica-report.ts';

const table = {
  key: 's/d/dbo.A',
  table: 'dbo.A',
  owner: 'i1',
  announcement: 'i1-1',
  epoch: 3,
  position: '7',
  lagMs: 40,
  changes: 12,
  changesPerSecond: 1.5,
  fault: { code: 'HistoryLost', message: 'gone' },
};
const output = {
  name: 'orders',
  type: 'azure_event_hubs',
  required: false,
  state: 'failing',
  failing: { since: '2026-11-20T00:00:00.000Z', code: 'Unreachable', reason: 'nobody answers' },
  breaker: { state: 'open', since: '2026-11-20T00:00:01.000Z' },
  delivered: 7,
  failedAttempts: 2,
  waiting: { changes: 3, bytes: 900 },
  bufferBytes: 1_000,
  dropped: 1,
  refused: 0,
  latencySeconds: 0.25,
};

const transform = {
  name: 'mask',
  type: 'columns',
  unchanged: 1,
  changed: 2,
  dropped: 3,
  failed: 4,
  lastError: { at: '2026-11-20T00:00:00.000Z', code: 'TransformFailed', reason: 'no' },
};

test('a status is read as it is written', () => {
  const status = {
    ingester: { instance: 'i1', announcement: 'i1-1', tables: [table] },
    processor: { instance: 'i1', sessions: ['a', 'b'], outputs: [output], transforms: [transform] },
  };
  const { bufferBytes: _, ...known } = output;
  expect(readReport(status)).toEqual({
    ingester: { instance: 'i1', announcement: 'i1-1', tables: [table] },
    processor: {
      instance: 'i1',
      sessions: 2,
      outputs: [{ ...known, replica: 'i1', waiting: 3 }],
      transforms: [{ ...transform, replica: 'i1' }],
    },
  });
});

test('what an older or newer program leaves out or writes otherwise is null, not an error', () => {
  const status = {
    ingester: { instance: 'i1', tables: [{ key: 'k', epoch: '3', lagMs: null, fault: 'x' }, {}, null, 'x'] },
    processor: { instance: 'i1', sessions: 4, outputs: ['console', {}], transforms: ['x'] },
  };
  const unknown = {
    owner: null,
    announcement: null,
    epoch: null,
    position: null,
    lagMs: null,
    changes: null,
    changesPerSecond: null,
    fault: null,
  };
  const report = readReport(status);
  expect(report?.ingester?.tables).toEqual([{ key: 'k', table: 'k', ...unknown }]);
  expect(report?.processor?.sessions).toBeNull();
  expect(report?.processor?.outputs).toMatchObject([{ name: 'console' }, { name: '?', delivered: null }]);
  expect(report?.processor?.transforms).toMatchObject([{ name: '?', changed: null, lastError: null }]);
});

test.each([null, undefined, 7, 'ok', [], {}, { ingester: null }, { ingester: { tables: [] } }])(
  '%j is no status',
  (value) => {
    expect(readReport(value)).toBeUndefined();
  },
);

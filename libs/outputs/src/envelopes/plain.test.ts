import { silentLog, type ChangeEvent, type LogFields, type RoutedEvent } from '@dstream/core';
import { expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { textOf } from '../../../../test/support/publisher-rig.ts';
import { plainEnvelope } from './plain.ts';

const warnings: (readonly [string, LogFields | undefined])[] = [];
const log = {
  ...silentLog,
  warn: (sentence: string, fields?: LogFields) => void warnings.push([sentence, fields]),
};

function bodies(event: ChangeEvent): readonly string[] {
  const routed: RoutedEvent = { event, line: Buffer.from('the line'), orderingKey: 's' };
  return [plainEnvelope(log)(routed)].flat().map(textOf);
}

test('the plain envelope is the row, of a delete its last image', () => {
  expect(bodies({ ...aChange(1), data: { N: 1, Text: '\u2028 é' } })).toEqual(['{"N":1,"Text":"\u2028 é"}']);
  expect(bodies(aChange(2, { operation: 'delete' }))).toEqual(['{"N":2}']);
  expect(bodies({ ...aChange(3), data: null })).toEqual(['null']);
});

test('a gap, of which there is no row, is a warning', () => {
  const gap = { reason: 'HistoryLost', from: { lsn: '0x05' }, to: { lsn: '0x09' } } as const;
  const event = { ...aChange(1, { operation: 'gap', key: null, gap }), data: null };
  expect([bodies(event), warnings]).toEqual([
    [],
    [['gap not delivered: the envelope "plain" holds rows only', { table: 'dbo.T', ...gap }]],
  ]);
});

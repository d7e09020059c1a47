import { describe, expect, test } from 'vitest';
import { lsn } from '../../../../../test/support/fake-cdc-client.ts';
import { lsnBytes } from '../position/log-position.ts';
import { RememberedMarks, type MarksRead } from './low-water-marks.ts';

/** What a probe says: each time anew, as the driver makes it. */
const said = (change: Partial<MarksRead> = {}): MarksRead => ({
  instances: [
    ['b', lsnBytes(lsn(2))],
    ['a', lsnBytes(lsn(1))],
    ['new', null],
  ],
  lowTimes: [
    [lsnBytes(lsn(1)), new Date(1_000)],
    [lsnBytes(lsn(2)), null],
  ],
  minutes: 0,
  ...change,
});

describe('low-water marks', () => {
  test('are those of the instances that have begun, with the times that are known', () => {
    expect(new RememberedMarks().of(said())).toEqual({
      low: new Map([
        ['b', { lsn: lsn(2), atMs: undefined }],
        ['a', { lsn: lsn(1), atMs: 1_000 }],
      ]),
      instances: 'a\nb',
    });
  });

  test('are the very same while the server says the same', () => {
    const marks = new RememberedMarks();
    const first = marks.of(said());
    expect(marks.of(said())).toBe(first);
    expect(marks.of(said({ minutes: 1 }))).toBe(first); // two clocks read one after the other
  });

  const [b, a] = said().instances;
  test.each([
    ['cleanup moved one', { instances: [b ?? [], ['a', lsnBytes(lsn(2))], ['new', null]] }],
    ['an instance came to its first LSN', { instances: [b ?? [], a ?? [], ['new', lsnBytes(lsn(3))]] }],
    ['an instance is gone', { instances: [b ?? []] }],
    ['an instance has another name', { instances: [b ?? [], ['c', lsnBytes(lsn(1))], ['new', null]] }],
    ['a time is known now', { lowTimes: [...said().lowTimes.slice(0, 1), [lsnBytes(lsn(2)), new Date(5)]] }],
    ['the server has another distance from UTC', { minutes: -60 }],
  ])('are made anew when %s', (_, change) => {
    const marks = new RememberedMarks();
    marks.of(said());
    expect(marks.of(said(change))).toEqual(new RememberedMarks().of(said(change)));
    expect(marks.of(said())).toEqual(new RememberedMarks().of(said()));
  });
});

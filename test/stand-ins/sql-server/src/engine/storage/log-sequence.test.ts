import { expect, test } from 'vitest';
import { compareBytes, LogSequence, lsnFromBytes, lsnToBytes } from './log-sequence.ts';

test('numbers grow strictly over blocks and files, and so do their bytes', () => {
  const log = new LogSequence();
  let last = log.last;
  let wrong = 0;
  for (let i = 0; i < 200_000; i++) {
    const next = i % 100 === 0 ? log.commit() : log.nextRecord();
    wrong += next > last ? 0 : 1;
    wrong += compareBytes(lsnToBytes(next), lsnToBytes(last)) > 0 ? 0 : 1;
    last = next;
  }
  expect(wrong).toBe(0);
});

test('bytes have the shape virtual log file, block, slot', () => {
  const bytes = lsnToBytes(new LogSequence().nextRecord());
  expect(Buffer.from(bytes).toString('hex')).toBe('0000002a000000100001');
});

test('bytes are read back as the same number', () => {
  const lsn = new LogSequence().commit();
  expect(lsnFromBytes(lsnToBytes(lsn))).toBe(lsn);
});

test('bytes the engine never made compare between the numbers around them', () => {
  const lsn = lsnFromBytes(Uint8Array.from([0, 0, 0, 0x2a, 0, 0, 0, 0x10, 0xff, 0xff]));
  expect(lsn).toBeGreaterThan(lsnFromBytes(Uint8Array.from([0, 0, 0, 0x2a, 0, 0, 0, 0x10, 0, 0xff])));
  expect(lsn).toBeLessThan(lsnFromBytes(Uint8Array.from([0, 0, 0, 0x2a, 0, 0, 0, 0x11, 0, 1])));
});

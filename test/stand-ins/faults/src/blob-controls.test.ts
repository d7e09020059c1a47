import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BlobFaults } from '@dstream/stand-in-blobs';
import { BlobControls } from './blob-controls.ts';

const request = { operation: 'put-blob', path: 'locks/a' } as const;

let faults: BlobFaults;
let controls: BlobControls;

beforeEach(() => {
  vi.useFakeTimers();
  faults = new BlobFaults();
  controls = new BlobControls({ faults, expireLeases: () => 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

test('requests are refused until the time is over', () => {
  controls.refuse(1000);
  vi.advanceTimersByTime(999);
  expect(faults.take(request)).toEqual({ kind: 'refuse' });
  vi.advanceTimersByTime(1);
  expect(faults.take(request)).toBeUndefined();
});

test('a second refusal replaces the first, zero ends it', () => {
  controls.refuse(1000);
  controls.refuse(5000, {}, { status: 500, code: 'InternalError' });
  vi.advanceTimersByTime(2000);
  expect(faults.take(request)).toEqual({ kind: 'refuse', status: 500, code: 'InternalError' });
  controls.refuse(0);
  expect(faults.take(request)).toBeUndefined();
});

test('clearing ends every fault and leaves no timer', () => {
  controls.refuse(1000);
  controls.inject({ kind: 'delay', ms: 5 });
  controls.clear();
  expect(faults.take(request)).toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});

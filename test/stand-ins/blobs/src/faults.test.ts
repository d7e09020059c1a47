import { describe, expect, test } from 'vitest';
import { BlobFaults } from './faults.ts';

const save = { operation: 'put-blob', path: 'locks/db1/shop/dbo.Cars.lock' } as const;
const list = { operation: 'list-blobs', path: 'locks' } as const;
const drop = { kind: 'drop' } as const;

describe('faults', () => {
  test('without one nothing happens', () => {
    expect(new BlobFaults().take(save)).toBeUndefined();
  });

  test('happen as often as they were asked for', () => {
    const faults = new BlobFaults();
    faults.add({ action: drop, times: 2 });
    expect([1, 2, 3].map(() => faults.take(save))).toEqual([drop, drop, undefined]);
  });

  test('happen to the requests that were meant, and the oldest goes first', () => {
    const faults = new BlobFaults();
    faults.add({ action: { kind: 'delay', ms: 5 }, operation: 'put-blob', path: 'dbo.Cars', times: 1 });
    faults.add({ action: drop });
    expect(faults.take(list)).toEqual(drop);
    expect(faults.take({ ...save, path: 'locks/db1/shop/dbo.Bikes.lock' })).toEqual(drop);
    expect(faults.take(save)).toEqual({ kind: 'delay', ms: 5 });
    expect(faults.take(save)).toEqual(drop);
  });

  test('go on until they are ended, one or all', () => {
    const faults = new BlobFaults();
    const end = faults.add({ action: drop });
    expect(faults.take(save)).toEqual(drop);
    end();
    expect(faults.take(save)).toBeUndefined();
    faults.add({ action: drop });
    faults.clear();
    expect(faults.take(save)).toBeUndefined();
  });
});

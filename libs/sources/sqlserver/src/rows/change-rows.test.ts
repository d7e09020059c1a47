import { describe, expect, test } from 'vitest';
import { zeroLsn, type LogPosition } from '../position/log-position.ts';
import { RowAssembler, type ChangeRow } from './change-rows.ts';
import { isBitSet } from './row-images.ts';

describe('the update mask', () => {
  test('has its lowest ordinals in the last byte', () => {
    const mask = Buffer.from([0b0000_0001, 0b1000_0000, 0b0000_0101]);
    const set = Array.from({ length: 30 }, (_, i) => i + 1).filter((ordinal) => isBitSet(mask, ordinal));
    expect(set).toEqual([1, 3, 16, 17]);
  });
});

describe('rows of a change table', () => {
  const row = (operation: number) =>
    ({ lsn: zeroLsn, commandId: 0, seqval: zeroLsn, operation }) as ChangeRow;
  const assembled = (...operations: number[]) => {
    const assembler = new RowAssembler({ kind: 'between', mode: 'functions', lsn: zeroLsn }, () => undefined);
    operations.forEach((operation) => assembler.push(row(operation)));
    return assembler.end().map((change) => change.operation);
  };

  test('become changes, an after image also without its before', () => {
    expect([assembled(1), assembled(2), assembled(3, 4), assembled(4)]).toEqual([
      ['delete'],
      ['insert'],
      ['update'],
      ['update'],
    ]);
  });

  test('of several updates with one seqval are paired by their key', () => {
    const image = (operation: number, Name: string, Id: number) => ({
      ...row(operation),
      values: [Name, Id],
    });
    const from: LogPosition = { kind: 'between', mode: 'functions', lsn: zeroLsn };
    const assembler = new RowAssembler(from, (one) => String(one.values[1]));
    for (const one of [image(3, 'a', 1), image(3, 'b', 2), image(4, 'y', 1), image(4, 'x', 2)])
      assembler.push(one);
    const changes = assembler.end();
    expect(changes.map(({ before, after }) => [before?.values[1], after.values[1]])).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  test.each([
    [[3], 'operation 3 at .*0x0{20}, .*0x0{20} without its operation 4'],
    [[3, 3, 4], 'operation 3'],
    [[2, 5], 'operation 5'],
    [[9, 9, 9, 9, 9], 'operation 9.*; and 2 more$'],
  ])('of the operations %j are refused by name, not passed over', (operations, name) => {
    expect(() => assembled(...operations)).toThrow(
      expect.objectContaining({ code: 'Unexpected', message: expect.stringMatching(new RegExp(name)) }),
    );
  });
});

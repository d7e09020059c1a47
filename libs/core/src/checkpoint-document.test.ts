import { describe, expect, test } from 'vitest';
import { formatCheckpoint, parseCheckpoint } from './checkpoint-document.ts';
import type { Checkpoint } from './checkpoint-store.ts';
import type { Position } from './position.ts';

const place = 'blob db1/shop/dbo.Cars.lock';
const checkpoint: Checkpoint = {
  at: { position: '0042:7' as Position, token: '{"mode":"functions"}' },
  generation: 7,
};
const origin = { table: 'dbo.Cars', owner: 'pod-1', epoch: 3, savedAt: new Date(0) };
const unreadable = (why: RegExp) =>
  expect.objectContaining({ code: 'CheckpointUnreadable', message: expect.stringMatching(why) });

describe('a checkpoint as a document', () => {
  test('is JSON that an operator can read', () => {
    expect(formatCheckpoint(checkpoint, origin).split('\n')).toEqual([
      '{',
      '  "version": 1,',
      '  "table": "dbo.Cars",',
      '  "position": "0042:7",',
      '  "token": "{\\"mode\\":\\"functions\\"}",',
      '  "generation": 7,',
      '  "epoch": 3,',
      '  "owner": "pod-1",',
      '  "savedAt": "1970-01-01T00:00:00.000Z"',
      '}',
      '',
    ]);
  });

  test('its error names the place and how to restart the table', () => {
    expect(() => parseCheckpoint('x', 'file /leases/Cars')).toThrow(
      'the checkpoint in file /leases/Cars cannot be read: it is not JSON; restore its content, or delete the ' +
        'table\'s checkpoint (docs/operations.md, "Restart a table from the beginning")',
    );
  });

  test('of a table that is ordered by key holds the layout of its sessions', () => {
    const dealt = { ...checkpoint, layout: 'key/32' };
    const text = formatCheckpoint(dealt, origin);
    expect(text).toContain('"layout": "key/32"');
    expect(parseCheckpoint(text, place)?.checkpoint).toEqual(dealt);
  });

  test('holds the last change that was accepted, where it is known; what is no such change is left out', () => {
    const known = { ...checkpoint, lastChange: { generation: 7, position: '0042:5' as Position } };
    const text = formatCheckpoint(known, origin);
    expect(parseCheckpoint(text, place)?.checkpoint).toEqual(known);
    const odd = text.replace('"0042:5"', '5');
    expect(parseCheckpoint(odd, place)?.checkpoint).toEqual(checkpoint);
  });

  test('is read as it was written', () => {
    expect(parseCheckpoint(formatCheckpoint(checkpoint, origin), place)).toEqual({
      checkpoint,
      savedAt: '1970-01-01T00:00:00.000Z',
    });
  });

  test.each(['', ' \n'])('an empty text (%j) is no checkpoint', (text) => {
    expect(parseCheckpoint(text, place)).toBeUndefined();
  });

  test.each([
    ['{"lastLSN":', /db1\/shop\/dbo\.Cars\.lock.*not JSON.*delete the table's checkpoint/],
    ['0x0000002A000001F80003', /not JSON/],
    ['null', /version is undefined/],
    ['{"lsn":"0x2A"}', /version is undefined, not 1/],
    ['{"version":2,"at":{}}', /version is 2, not 1/],
    ['{"version":1,"position":"1","token":"t"}', /lacks a position, token or generation/],
    ['{"version":1,"position":1,"token":"t","generation":1}', /lacks/],
    ['{"version":1,"position":"1","token":"t","generation":1.5}', /lacks/],
  ])('%s is refused with the place and what to do', (text, why) => {
    expect(() => parseCheckpoint(text, place)).toThrow(unreadable(why));
  });
});

import { deadLetterProperties, type DeadLetter } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { documentOf, summaryOf } from './dead-letter-document.ts';
import { documentLines, summaryLines } from './dead-letter-lines.ts';

const letter: DeadLetter = {
  reason: 'NotDelivered',
  description: 'change 1: the message is too large (and 1 more)',
  message: {
    messageId: 'c1:3:7',
    sessionId: 's/d/dbo.T',
    body: Buffer.from('{"n":1}\n{"n":12345678901234567890}\nno json \u001b[2J'),
    sequenceNumber: '1042',
    enqueuedAtMs: Date.parse('2026-11-20T09:15:30.123Z'),
    properties: {
      schema: 'dbo',
      table: 'T',
      'replay-count': 2,
      ...deadLetterProperties([
        { index: 1, output: 'bus', reason: 'too large' },
        { index: 2, output: '*', reason: 'the envelope is not JSON' },
      ]),
      DeadLetterReason: 'NotDelivered',
      DeadLetterErrorDescription: 'change 1: the message is too large (and 1 more)',
    },
  },
};

describe('the list', () => {
  test('has what there is to know of each on a line', () => {
    const [header = '', line = ''] = summaryLines([summaryOf(letter)], false, { width: 140 });
    expect(header.split(/\s{2,}/)).toEqual([
      'NUMBER',
      'ENQUEUED',
      'TABLE',
      'REASON',
      'OUTPUTS',
      'CHANGES',
      'REPLAYS',
      'DESCRIPTION',
    ]);
    expect(line.trim().split(/\s{2,}/)).toEqual([
      '1042',
      '2026-11-20 09:15:30',
      'dbo.T',
      'NotDelivered',
      'bus',
      '2',
      '2',
      letter.description,
    ]);
  });

  test('fits a narrow terminal, and says what is left out', () => {
    const lines = summaryLines([summaryOf(letter)], true, { width: 60 });
    expect(lines.every((line) => line.length <= 60)).toBe(true);
    expect(lines.join(' ')).toContain('1042');
    expect(lines.join(' ')).toContain('--limit shows more');
    expect(summaryLines([], false, { width: 60 })).toEqual(['no dead letters']);
  });
});

describe('one of them', () => {
  test('as JSON has every failed change, exact in its line', () => {
    expect(documentOf(letter)).toEqual({
      sequenceNumber: '1042',
      messageId: 'c1:3:7',
      session: 's/d/dbo.T',
      enqueuedAt: '2026-11-20T09:15:30.123Z',
      table: 'dbo.T',
      reason: 'NotDelivered',
      description: letter.description,
      outputs: ['bus'],
      changes: 2,
      replays: 2,
      properties: { schema: 'dbo', table: 'T', 'replay-count': 2 },
      reasons: [
        { index: 1, output: 'bus', reason: 'too large' },
        { index: 2, output: '*', reason: 'the envelope is not JSON' },
      ],
      failed: [
        {
          index: 1,
          outputs: ['bus'],
          line: '{"n":12345678901234567890}',
          change: { n: 12345678901234567000 },
        },
        { index: 2, outputs: ['*'], line: 'no json \u001b[2J', change: null },
      ],
    });
  });

  test('in a terminal shows nothing that the terminal would obey', () => {
    const text = documentLines(documentOf(letter), { width: 80 }).join('\n');
    expect(text).toContain('change 1 (failed at bus)');
    expect(text).toContain(String.raw`no json \u001b[2J`);
    expect(text).not.toContain('\u001b');
  });
});

import { deadLetterProperties, type DeadLetter, type IncomingMessage } from '@dstream/core';
import { expect, test } from 'vitest';
import { chosen, deadLetterMatcher, tableOf, type DeadLetterFilter } from './dead-letter-filter.ts';

const everything: DeadLetterFilter = { numbers: [], reasons: [], tables: [], outputs: [] };

function dead(n: number, more: Partial<DeadLetter> = {}, message: Partial<IncomingMessage> = {}): DeadLetter {
  return {
    reason: 'NotDelivered',
    description: undefined,
    ...more,
    message: {
      messageId: `m${n}`,
      body: new Uint8Array(),
      sequenceNumber: String(n),
      enqueuedAtMs: n * 1_000,
      properties: {},
      ...message,
    },
  };
}

const refusedBy = (output: string) => ({
  properties: deadLetterProperties([{ index: 0, output, reason: 'no' }]),
});

const letters = [
  dead(1, {}, { ...refusedBy('bus'), subject: 'dbo.Persons' }),
  dead(2, {}, { ...refusedBy('hook'), subject: 'sales.Orders' }),
  dead(3, { reason: 'TTLExpiredException' }, { properties: { schema: 'sales', table: 'Customers' } }),
];

const found = (filter: Partial<DeadLetterFilter>) =>
  letters
    .filter(deadLetterMatcher({ ...everything, ...filter }))
    .map(({ message }) => message.sequenceNumber);

test('every condition must hold, and one that is not given does', () => {
  expect(found({})).toEqual(['1', '2', '3']);
  expect(found({ numbers: ['3', '1'] })).toEqual(['1', '3']);
  expect(found({ reasons: ['notdelivered'] })).toEqual(['1', '2']);
  expect(found({ tables: ['Persons'] })).toEqual(['1']);
  expect(found({ tables: ['SALES.*'] })).toEqual(['2', '3']);
  expect(found({ outputs: ['bus', 'other'] })).toEqual(['1']);
  expect(found({ sinceMs: 2_000 })).toEqual(['2', '3']);
  expect(found({ sinceMs: 2_000, tables: ['sales.*'], reasons: ['NotDelivered'] })).toEqual(['2']);
});

test('a message that names no table matches no pattern', () => {
  expect(tableOf(dead(4))).toBeUndefined();
  expect([dead(4)].filter(deadLetterMatcher({ ...everything, tables: ['*'] }))).toEqual([]);
});

test('no more are read than the limit, and one to know that there are more', async () => {
  let read = 0;
  async function* browsed() {
    for (const letter of letters) {
      read += 1;
      yield letter;
    }
  }
  const number = ({ message }: DeadLetter) => message.sequenceNumber;
  expect(await chosen(browsed(), everything, 1, number)).toEqual({ items: ['1'], hasMore: true });
  expect(read).toBe(2);
  expect(await chosen(browsed(), everything, 3, number)).toEqual({ items: ['1', '2', '3'], hasMore: false });
});

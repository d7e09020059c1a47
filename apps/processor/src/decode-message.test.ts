import { encodeEnvelope, type IncomingMessage } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../test/support/a-change.ts';
import { decodeMessage } from './decode-message.ts';

const stamp = { generation: 1, epoch: 1 };
const options = { hash: () => '0123456789abcdef', nowMs: 0 };

function line(n: number, table = 'T'): string {
  return encodeEnvelope(aChange(n, { table }), stamp);
}

function message(lines: readonly string[], sessionId?: string): IncomingMessage {
  return {
    messageId: 'm',
    ...(sessionId !== undefined && { sessionId }),
    body: Buffer.from(lines.join('\n')),
    properties: {},
    sequenceNumber: '1',
    enqueuedAtMs: 0,
  };
}

describe('decoding', () => {
  test('a change of another table is refused wherever it stands among those of the session', () => {
    const lines = [line(1, 'Other'), line(2), line(3, 'Other'), line(4), line(5)];
    const { changes, failures } = decodeMessage(message(lines, 's/d/dbo.T'), options);
    expect(changes.map(({ index }) => index)).toEqual([1, 3, 4]);
    const reason = 'the envelope belongs to another session than its message';
    expect(failures).toEqual([0, 2].map((index) => ({ index, output: '*', reason })));
  });

  test('without a session the changes of several tables may share a message', () => {
    const { changes, failures } = decodeMessage(message([line(1), line(2, 'Other')]), options);
    expect(changes.map(({ index }) => index)).toEqual([0, 1]);
    expect(failures).toEqual([]);
  });
});

import { decodeEnvelope, encodeEnvelope, maxChangesOfMessage, type IncomingMessage } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange, lineOfVersion1 } from '../../../test/support/a-change.ts';
import { textOf } from '../../../test/support/publisher-rig.ts';
import { decodeMessage } from './decode-message.ts';

const stamp = { generation: 1, epoch: 1 };
const options = { hash: () => '0123456789abcdef', nowMs: 0, subscription: 'dstream' };

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
  test('a change of another table is refused wherever it is among those of the session', () => {
    const lines = [line(1, 'Other'), line(2), line(3, 'Other'), line(4), line(5)];
    const { changes, failures } = decodeMessage(message(lines, 's/d/dbo.T'), options);
    expect(changes.map(({ index }) => index)).toEqual([1, 3, 4]);
    const reason = 'the change does not belong to the session of its message';
    expect(failures).toEqual([0, 2].map((index) => ({ index, output: '*', reason })));
  });

  test('a change may travel by any bucket of its table, and by nothing that only looks like one', () => {
    const taken = (sessionId: string) => decodeMessage(message([line(1)], sessionId), options).changes.length;
    expect(['s/d/dbo.T/0', 's/d/dbo.T/31', 's/d/dbo.T/1023'].map(taken)).toEqual([1, 1, 1]);
    expect(['s/d/dbo.T/1024', 's/d/dbo.T/x', 's/d/dbo.Other/0', 's/d/dbo.T/0/0'].map(taken)).toEqual([
      0, 0, 0, 0,
    ]);
  });

  test('a gap is accepted: it has neither data nor key', () => {
    const gap = { reason: 'HistoryLost', from: { lsn: '0x01' }, to: { lsn: '0x05' } } as const;
    const { metadata } = aChange(1, { operation: 'gap', key: null, gap });
    const { changes, failures } = decodeMessage(
      message([encodeEnvelope({ data: null, metadata }, stamp)], 's/d/dbo.T'),
      options,
    );
    expect([changes[0]?.event.data, failures]).toEqual([null, []]);
  });

  test('a message of more lines than a dead letter could name is refused as a whole', () => {
    const lines = Array.from({ length: maxChangesOfMessage + 1 }, () => '{}');
    expect(decodeMessage(message(lines), options)).toEqual({
      changes: [],
      failures: [{ index: 0, output: '*', reason: 'the body has 10001 lines; at most 10000 are allowed' }],
    });
  });

  test('a line of version 1 is rewritten, one of version 2 stays byte for byte', () => {
    const odd = line(2).replace('{"data":', '{ "before": null, "more": [1.0], "data" : ');
    const { changes, failures } = decodeMessage(message([lineOfVersion1(aChange(1), stamp), odd]), options);
    const common = { orderingKey: '', messageId: 'm' };
    expect(changes).toEqual([
      {
        event: decodeEnvelope(line(1)),
        line: new TextEncoder().encode(line(1)),
        index: 0,
        ...common,
      },
      { event: decodeEnvelope(odd), line: Buffer.from(odd), index: 1, ...common },
    ]);
    expect(failures).toEqual([]);
  });

  test('the bytes of a line are those that arrived, whatever its characters and its place', () => {
    const named = (name: string) =>
      encodeEnvelope({ data: { Name: name }, metadata: aChange(1).metadata }, stamp);
    const lines = [named('plain'), 'not JSON: ž', named('Žluťoučký kůň 🐎'), named('last')];
    const ended = { ...message(lines), body: Buffer.from(`${lines.join('\n')}\n`) };
    for (const one of [message(lines), ended]) {
      const { changes } = decodeMessage(one, options);
      expect(changes.map(textOf)).toEqual([lines[0], lines[2], lines[3]]);
      expect(changes.map((change) => change.line.buffer === one.body.buffer)).toEqual([true, true, true]);
    }
  });

  test('a byte order mark before the first line is ignored', () => {
    const [first, second] = [line(1), line(2)];
    const { changes, failures } = decodeMessage(message([`\ufeff${first}`, second], 's/d/dbo.T'), options);
    expect(failures).toEqual([]);
    expect(changes.map(textOf)).toEqual([first, second]);
  });

  test('without a session the changes of several tables may share a message', () => {
    const { changes, failures } = decodeMessage(message([line(1), line(2, 'Other')]), options);
    expect(changes.map(({ index }) => index)).toEqual([0, 1]);
    expect(failures).toEqual([]);
  });
});

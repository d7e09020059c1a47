/** Broken messages are dead-lettered with a reason, odd ones are delivered as they are, and neither stops its session. */
import { describe, expect, test } from 'vitest';
import { brokenMessages, content, soundBetween } from '../../../test/support/broken-messages.ts';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';
import { decodeMessage } from './decode-message.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

describe('what is refused and what is delivered of a message', () => {
  test.each(brokenMessages)('$name', ({ body, refused, delivered }) => {
    const incoming = { ...message([1]), messageId: 'm', body, sequenceNumber: '1', enqueuedAtMs: 0 };
    const decoded = decodeMessage(incoming, { hash: (of) => of, nowMs: Date.now(), subscription: 'dstream' });
    const reasons = decoded.failures.map(({ index, reason }) => [index, reason]);
    expect(reasons).toEqual([...refused]);
    expect(decoded.failures.every(({ output }) => output === '*')).toBe(true);
    expect(decoded.changes.map(({ line }) => text(line))).toEqual(delivered.map(text));
  });

  test('there are enough kinds, and each has another name', () => {
    expect(new Set(brokenMessages.map(({ name }) => name)).size).toBe(brokenMessages.length);
    expect(brokenMessages.filter(({ refused }) => refused.size > 0).length).toBeGreaterThan(150);
  });
});

test('none stops its session, loses what is around it, or repeats its content in a dead letter or the log', async () => {
  const world = setup({ maxMessageBytes: 8_000_000 });
  const running = world.start();
  const expected: string[] = [];
  for (const [i, { body, delivered }] of brokenMessages.entries()) {
    const between = soundBetween(i);
    const broken = { ...message([]), messageId: `${i}`, body, bodyBytes: body.length };
    await world.send(broken, message([between.line]));
    expected.push(...delivered.map(idOf), between.id);
  }
  while (world.topic.messages().length > 0) await world.clock.advance(10);
  expect(world.output.got).toEqual(expected);
  const dead = world.topic.deadLetters();
  const deadIndexes = brokenMessages.flatMap(({ refused }, i) => (refused.size > 0 ? [`${i}`] : []));
  expect(dead.map(({ message: { messageId } }) => messageId)).toEqual(deadIndexes);
  expect(new Set(dead.map(({ reason }) => reason))).toEqual(new Set(['MalformedMessage']));
  const told = dead.map(({ description, properties }) => JSON.stringify({ description, properties }));
  const logged = world.said.map((line) => JSON.stringify(line));
  expect([...told, ...logged].filter((text) => text.includes(content))).toEqual([]);
  await stop(world, running);
});

function idOf(line: Uint8Array): string {
  return (JSON.parse(Buffer.from(line).toString()) as { metadata: { id: string } }).metadata.id;
}

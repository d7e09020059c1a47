/** Whatever damages a message: what is right of it is delivered, the rest is dead-lettered, and its session goes on. */
import { encodeEnvelope } from '@dstream/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aChange, lineOfVersion1 } from '../../../test/support/a-change.ts';
import { mutations, oddProperties } from '../../../test/support/mutated-lines.ts';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';
import { decodeMessage } from './decode-message.ts';

const content = 'Geheimnis-4711';
const stamp = { generation: 1, epoch: 1 };
const lineEnd = Buffer.from('\n');

function line(n: number): string {
  const { metadata } = aChange(n, {
    operation: 'update',
    changed: ['Name'],
    unavailable: [{ in: 'before', columns: ['Photo'] }],
  });
  return encodeEnvelope({ data: { N: n, Name: content }, before: { N: n, Name: content }, metadata }, stamp);
}

const anyLine = fc.oneof(
  fc.nat(999).map(line),
  fc.nat(999).map((n) => lineOfVersion1(aChange(n), stamp)),
);
const damaged = fc.tuple(anyLine, mutations).map(([of, mutate]) => ({ bytes: mutate(of), sound: false }));
const sound = fc.nat(999).map((n) => ({ bytes: Buffer.from(line(n)), sound: true }));

/** Packs of sound and damaged lines. */
const packs = fc.array(fc.oneof(sound, damaged, damaged), { minLength: 1, maxLength: 6 });

const bodyOf = (lines: readonly { readonly bytes: Uint8Array }[]) =>
  Buffer.concat(lines.flatMap(({ bytes }, i) => (i === 0 ? [bytes] : [lineEnd, bytes])));

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

/** How many lines a body has, however it was damaged. */
function linesOf(body: Buffer): number {
  const text = latin1(body).replace(/^\u00ef\u00bb\u00bf/, '');
  return text === '' ? 1 : text.replace(/\n$/, '').split('\n').length;
}

test('every line of a damaged pack is decoded or refused with a reason without its content; the sound ones are decoded', () => {
  let refused = 0;
  fc.assert(
    fc.property(packs, oddProperties, (lines, properties) => {
      const body = bodyOf(lines);
      const incoming = { ...message([]), body, properties, sequenceNumber: '1', enqueuedAtMs: 0 };
      const decoding = { hash: (text: string) => text, nowMs: 0, subscription: 's' };
      const { changes, failures } = decodeMessage(incoming, decoding);
      const replay = { ...incoming, properties: { ...properties, 'replay-for': 's' } };
      expect(decodeMessage(replay, decoding).failures, 'whatever the other marks of a replay').toEqual(
        failures,
      );
      const decoded = changes.map((change) => latin1(change.line));
      const left = [...decoded];
      for (const { bytes } of lines.filter((one) => one.sound)) {
        const at = left.indexOf(latin1(bytes));
        expect(at, 'a sound line is decoded, in its place').toBeGreaterThanOrEqual(0);
        left.splice(0, at + 1);
      }
      const indexes = [...changes, ...failures].map(({ index }) => index).sort((a, b) => a - b);
      expect(indexes).toEqual(Array.from({ length: linesOf(body) }, (_, index) => index));
      for (const { reason } of failures) {
        expect(reason).toMatch(/^the (?:envelope|change|body) /);
        expect(reason).not.toContain(content);
      }
      refused += failures.length;
    }),
    { numRuns: 2_000 },
  );
  // Otherwise it would say nothing.
  expect(refused).toBeGreaterThan(1_000);
});

test('its session goes on: all is settled, and what was decoded is delivered or counted as a repeat', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(packs, oddProperties), { minLength: 1, maxLength: 3 }),
      async (sent) => {
        const world = setup();
        const running = world.start();
        const [session, other] = ['s/d/dbo.T', 's/d/dbo.T/1'];
        const messages = sent.map(([lines, properties], i) => ({
          ...message([], session),
          messageId: `damaged-${i}`,
          body: bodyOf(lines),
          properties,
        }));
        await world.send(...messages, message([1_000], other));
        await world.clock.advance(0);
        expect(world.output.got).toContain('c1000');
        // Longer than a generation that is ahead of the clock holds each of them.
        await world.clock.advance(3_000_000);
        expect(world.topic.messages()).toEqual([]);
        const counted = /^dstream_repeats_dropped_total (\d+)/m.exec(await world.metrics.text())?.[1];
        const decoding = { hash: (text: string) => text, nowMs: world.clock.wallMs(), subscription: 's' };
        const decoded = messages.flatMap(
          ({ body, ...rest }) =>
            decodeMessage({ ...rest, body, sequenceNumber: '1', enqueuedAtMs: 0 }, decoding).changes,
        );
        expect(world.output.got.length - 1 + Number(counted)).toBe(decoded.length);
        await stop(world, running);
      },
    ),
    { numRuns: 150 },
  );
});

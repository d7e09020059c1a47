/** Outages of outputs, lost locks and new messages in any order: what every output has at the end. */
import { DStreamError } from '@dstream/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';

const sessions = 6;
const sessionOf = (n: number) => `s/d/dbo.T/${n}`;

/** What happens in a step, to a session or an output. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant('send' as const),
    of: fc.nat(sessions - 1),
    messages: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constant('lose' as const), of: fc.nat(sessions - 1) }),
  fc.record({ kind: fc.constantFrom('away' as const, 'back' as const), of: fc.nat(1) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(20, 300, 2_000, 9_000) }),
);

test('each of two outputs gets every change of its routes once, in order within each session', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      // Even changes go to `out`, those divisible by three to `b`, many to both, some to none.
      const routes = [
        {
          name: 'a',
          match: {},
          when: ({ metadata: { id } }: Named) => numberOf(id) % 2 === 0,
          outputs: ['out'],
        },
        {
          name: 'b',
          match: {},
          when: ({ metadata: { id } }: Named) => numberOf(id) % 3 === 0,
          outputs: ['b'],
        },
      ];
      const world = setup({
        maxSessions: 2,
        routing: { routes, defaultOutputs: [] },
        others: [{ name: 'b', required: true }],
        settings: { maxWaitingSessions: 2 },
      });
      const outputs = [world.output, ...world.others];
      const sent = Array.from({ length: sessions }, (): number[] => []);
      const running = world.start();
      for (const next of steps) {
        if (next.kind === 'pass') await pass(world, next.ms);
        else if (next.kind === 'lose') world.topic.loseLock(sessionOf(next.of));
        else if (next.kind === 'send') await send(world, sent[next.of] ?? [], next.of, next.messages);
        else
          for (const output of outputs.slice(next.of, next.of + 1))
            output.away =
              next.kind === 'away' ? new DStreamError('Unreachable', 'nobody answers') : undefined;
        await world.clock.advance(0);
      }
      for (const output of outputs) output.away = undefined;
      await pass(world, 30_000);
      const [a, b] = outputs.map(({ got }) => got.map(numberOf));
      for (const own of sent) {
        const mine = (got: readonly number[] = []) => got.filter((n) => own.includes(n));
        expect([mine(a), mine(b)]).toEqual([own.filter((n) => n % 2 === 0), own.filter((n) => n % 3 === 0)]);
      }
      expect([world.topic.messages(), world.topic.deadLetters()]).toEqual([[], []]);
      await stop(world, running);
    }),
    { numRuns: 15 },
  );
}, 60_000);

interface Named {
  readonly metadata: { readonly id: string };
}

const numberOf = (id: string) => Number(id.slice(1));

/** Messages of two changes each; the numbers of a session are its own and grow. */
async function send(
  world: ReturnType<typeof setup>,
  own: number[],
  session: number,
  messages: number,
): Promise<void> {
  for (let n = 0; n < messages; n += 1) {
    const first = session * 1_000 + own.length;
    own.push(first, first + 1);
    await world.send(message([first, first + 1], sessionOf(session)));
  }
}

/** In small steps: in each only so much happens (`ManualClock`). */
async function pass({ clock }: ReturnType<typeof setup>, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) await clock.advance(20);
}

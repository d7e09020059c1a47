import { messageMemory } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteBudget } from './byte-budget.ts';
import { CreditWindow } from './credit-window.ts';

const MB = 1_048_576;
const never = new AbortController().signal;

function open(budget: ByteBudget, maxInFlight = 16): CreditWindow {
  return new CreditWindow({ budget, maxInFlight, reservedBytes: 0, resumed: () => undefined });
}

/** A broker that sends all it has credit for, as the SDK passes it on. */
class Sending {
  readonly window: CreditWindow;
  readonly #bodyBytes: number;
  credit: number;
  unsettled = 0;
  sent = 0;
  mostUnsettled = 0;

  constructor(window: CreditWindow, bodyBytes: number) {
    this.window = window;
    this.#bodyBytes = bodyBytes;
    this.credit = window.atStart;
  }

  /** Sends what it may. */
  pump(): void {
    for (; this.credit > 0; this.credit -= 1) {
      this.sent += 1;
      this.unsettled += 1;
      this.mostUnsettled = Math.max(this.mostUnsettled, this.unsettled);
      void this.window.arrived(this.#bodyBytes).then(() => (this.credit += 1));
    }
  }

  settleOne(): void {
    if (this.unsettled === 0) return;
    this.unsettled -= 1;
    this.window.settled(this.#bodyBytes);
  }
}

async function rounds(sessions: readonly Sending[], count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    for (const session of sessions) session.pump();
    for (const session of sessions) session.settleOne();
    await Promise.resolve();
  }
}

describe('a session that may have to wait', () => {
  const opened = (budget: ByteBudget) =>
    new CreditWindow({
      budget,
      maxInFlight: 16,
      reservedBytes: 0,
      oneAtFirst: true,
      resumed: () => undefined,
    });

  test('asks for one message, and for all it may have once that was settled', async () => {
    const session = new Sending(opened(new ByteBudget(64 * MB)), 1_000);
    session.pump();
    await Promise.resolve();
    session.pump();
    expect([session.window.atStart, session.sent]).toEqual([1, 1]);
    session.settleOne();
    for (let n = 0; n < 20; n += 1) {
      await Promise.resolve();
      session.pump();
    }
    expect(session.unsettled).toBe(16);
  });

  test('uses nothing of the budget while it waits, and the same again afterwards', () => {
    const budget = new ByteBudget(64 * MB);
    const session = new Sending(opened(budget), 1_000);
    session.pump();
    const before = budget.usedBytes;
    expect([session.window.wait(), budget.usedBytes]).toEqual([true, 0]);
    session.window.resume();
    expect(budget.usedBytes).toBe(before);
    session.settleOne();
    session.window.end();
    expect(budget.usedBytes).toBe(0);
  });

  test('frees nothing twice when it ends while it waits', () => {
    const budget = new ByteBudget(64 * MB);
    const [session, other] = [new Sending(opened(budget), 1_000), new Sending(opened(budget), 1_000)];
    for (const one of [session, other]) one.pump();
    const before = budget.usedBytes;
    session.window.wait();
    session.window.end();
    session.window.resume();
    expect(budget.usedBytes).toBe(before / 2);
  });

  test('cannot wait with two messages, or with one that it has asked for', () => {
    const budget = new ByteBudget(64 * MB);
    const session = new Sending(open(budget), 1_000);
    expect(session.window.wait()).toBe(false);
    session.pump();
    expect(session.window.wait()).toBe(false);
  });
});

describe('a budget of bytes', () => {
  test('gives a session alone all the credit it may have', async () => {
    const session = new Sending(open(new ByteBudget(64 * MB)), 1_000);
    session.pump();
    await rounds([session], 100);
    expect([session.window.atStart, session.mostUnsettled]).toEqual([16, 16]);
  });

  test('holds for what is not settled, over all sessions, and each gets its part', async () => {
    const budget = new ByteBudget(64 * MB);
    const sessions: Sending[] = [];
    const accept = async () => {
      const reservedBytes = await budget.reserve(never);
      const window = new CreditWindow({ budget, maxInFlight: 16, reservedBytes, resumed: () => undefined });
      sessions.push(new Sending(window, MB));
    };
    const accepting = Promise.all(Array.from({ length: 150 }, accept));
    // What comes before the first sizes are known may be more than was expected; then it holds.
    await rounds(sessions, 200);
    for (let n = 0; n < 200; n += 1) {
      await rounds(sessions, 1);
      expect(budget.usedBytes).toBeLessThanOrEqual(64 * MB);
      for (const session of sessions.slice(0, 20)) session.window.lapse();
    }
    await rounds(sessions, 500);
    await accepting;
    const sent = sessions.map((session) => session.sent);
    expect(sessions).toHaveLength(150);
    expect(Math.min(...sent)).toBeGreaterThan(0);
  });

  test('a message that is larger than the budget gets its turn', async () => {
    const budget = new ByteBudget(MB);
    const [large, small] = [new Sending(open(budget, 4), 10 * MB), new Sending(open(budget, 4), 1_000)];
    await rounds([large, small], 1_000);
    expect([large.sent > 100, small.sent > 100]).toEqual([true, true]);
  });

  test('one that waits and uses less goes before one that uses more', () => {
    const budget = new ByteBudget(MB);
    const order: string[] = [];
    const claimant = (name: string, usedBytes: number) => ({
      usedBytes,
      expectedBytes: MB / 2,
      granted: () => void order.push(name),
    });
    budget.use(MB);
    for (const [name, used] of [
      ['much', 9],
      ['little', 1],
      ['some', 5],
    ] as const) {
      budget.claim(claimant(name, used));
    }
    expect(order).toEqual([]);
    budget.free(MB);
    expect(order).toEqual(['little', 'some']);
  });

  test('credit that brings nothing keeps no other waiting for long', async () => {
    const budget = new ByteBudget(4 * messageMemory(65_536));
    const idle = [open(budget), open(budget), open(budget), open(budget)];
    let accepted = false;
    void budget.reserve(never).then(() => (accepted = true));
    await Promise.resolve();
    expect(accepted).toBe(false);
    for (const window of idle) window.lapse();
    await Promise.resolve();
    expect(accepted).toBe(false);
    for (const window of idle) window.lapse();
    await Promise.resolve();
    expect(accepted).toBe(true);
  });

  test('what is reserved for idle receivers lapses within two checks once somebody waits', async () => {
    const [clock, stop] = [new ManualClock(), new AbortController()];
    const budget = new ByteBudget(4 * messageMemory(65_536));
    for (let n = 0; n < 4; n += 1) open(budget);
    const watching = budget.watch(clock, stop.signal).catch((error: unknown) => error);
    await clock.advance(60_000);
    let accepted = false;
    void budget.reserve(never).then(() => (accepted = true));
    await clock.advance(500);
    expect(accepted).toBe(false);
    await clock.advance(500);
    expect(accepted).toBe(true);
    stop.abort(new Error('stopping'));
    expect([await watching, clock.sleeping]).toEqual([new Error('stopping'), 0]);
  });

  test('an accept that is aborted waits no more', async () => {
    const budget = new ByteBudget(MB);
    budget.use(MB);
    const stop = new AbortController();
    const accepting = budget.reserve(stop.signal);
    stop.abort(new Error('stopping'));
    await expect(accepting).rejects.toThrow('stopping');
    budget.free(MB);
    expect(budget.usedBytes).toBe(0);
  });

  test('whatever comes, is settled, lapses and ends: nothing stays in use, and nobody waits while there is room', async () => {
    const step = fc.record({
      who: fc.nat(3),
      what: fc.constantFrom('pump', 'settle', 'lapse'),
      times: fc.integer({ min: 1, max: 5 }),
    });
    const sizes = fc.array(fc.integer({ min: 0, max: 2 * MB }), { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), sizes, async (steps, bodies) => {
        const budget = new ByteBudget(4 * MB);
        const sessions = bodies.map((body) => new Sending(open(budget, 8), body));
        for (const { who, what, times } of steps) {
          for (let n = 0; n < times; n += 1) {
            const session = sessions[who];
            if (what === 'pump') session?.pump();
            else if (what === 'settle') session?.settleOne();
            else session?.window.lapse();
            await Promise.resolve();
          }
        }
        const before = sessions.map(({ sent }) => sent);
        await rounds(sessions, 200);
        sessions.forEach(({ sent }, n) => expect(sent).toBeGreaterThan(before[n] ?? 0));
        for (const { window } of sessions) window.end();
        expect(budget.usedBytes).toBeCloseTo(0);
      }),
      { numRuns: 100 },
    );
  });
});

import { describe, expect, test } from 'vitest';
import { SettlementGate } from './settlement.ts';

type Outcome = 'completed' | 'dead-lettered';

/**
 * Merges outcomes as rhea 3.0.5 does: what is settled in one tick becomes ranges of consecutive deliveries, and the
 * second of a range takes the first one's outcome whatever its own.
 */
class MergingReceiver {
  readonly settled = new Map<number, Outcome>();
  #tick: { readonly id: number; readonly outcome: Outcome; readonly answer: () => void }[] = [];

  settle(id: number, outcome: Outcome): Promise<void> {
    if (this.#tick.length === 0) setImmediate(() => this.#flush());
    return new Promise((answer) => this.#tick.push({ id, outcome, answer }));
  }

  #flush(): void {
    const first = this.#tick[0];
    for (const { id, answer } of this.#tick) {
      if (first !== undefined) this.settled.set(id, first.outcome);
      answer();
    }
    this.#tick = [];
  }
}

const wanted: readonly Outcome[] = ['completed', 'dead-lettered', 'completed', 'completed', 'dead-lettered'];

async function settleAll(settle: (id: number, outcome: Outcome) => Promise<void>): Promise<void> {
  await Promise.all(wanted.map((outcome, id) => settle(id, outcome)));
}

describe('the settlement gate', () => {
  test('without it the receiver merges what is settled in one tick', async () => {
    const receiver = new MergingReceiver();
    await settleAll((id, outcome) => receiver.settle(id, outcome));
    expect([...receiver.settled.values()]).not.toEqual(wanted);
  });

  test('with it every message gets its own outcome', async () => {
    const [receiver, gate] = [new MergingReceiver(), new SettlementGate()];
    await settleAll((id, outcome) => {
      const settle = () => receiver.settle(id, outcome);
      return outcome === 'completed' ? gate.shared(settle) : gate.exclusive(settle);
    });
    expect([...receiver.settled.values()]).toEqual(wanted);
  });

  test('completes run side by side, and what is alone runs with nothing else', async () => {
    const gate = new SettlementGate();
    const events: string[] = [];
    const call = (name: string) => async () => {
      events.push(`${name} starts`);
      await new Promise(setImmediate);
      events.push(`${name} ends`);
    };
    await Promise.all([
      gate.shared(call('a')),
      gate.shared(call('b')),
      gate.exclusive(call('c')),
      gate.shared(call('d')),
    ]);
    expect(events).toEqual([
      'a starts',
      'b starts',
      'a ends',
      'b ends',
      'c starts',
      'c ends',
      'd starts',
      'd ends',
    ]);
  });

  test('a settlement that fails lets the next one through', async () => {
    const gate = new SettlementGate();
    const failing = gate.exclusive(() => Promise.reject(new Error('refused')));
    const next = gate.exclusive(() => Promise.resolve('settled'));
    await expect(failing).rejects.toThrow('refused');
    await expect(next).resolves.toBe('settled');
  });
});

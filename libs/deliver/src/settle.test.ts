import { silentLog, type Delivery } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { FailureLog } from '@dstream/async';
import { describe, expect, test } from 'vitest';
import { settle } from './settle.ts';

const never = new AbortController().signal;

/** A receiver that merges the outcomes of one tick into the first one's, as rhea 3.0.5 does. */
class MergingReceiver {
  readonly outcomes: string[] = [];
  #thisTick: string | undefined;

  delivery(id: string): Delivery {
    return {
      message: { messageId: id },
      session: {},
      complete: () => this.#settle(id, 'completed'),
      deadLetter: () => this.#settle(id, 'dead'),
    } as unknown as Delivery;
  }

  async #settle(id: string, outcome: string): Promise<void> {
    this.#thisTick ??= outcome;
    this.outcomes.push(`${id} ${this.#thisTick}`);
    await Promise.resolve();
    this.#thisTick = undefined;
  }
}

describe('settling', () => {
  test('a dead letter shares its tick with nothing, and the order stays', async () => {
    const receiver = new MergingReceiver();
    const clock = new ManualClock();
    const failures = [{ index: 0, output: '*', reason: 'unreadable' }];
    const outcomes = [
      { delivery: receiver.delivery('a'), failures: [], fresh: [] },
      { delivery: receiver.delivery('b'), failures, fresh: [] },
      { delivery: receiver.delivery('c'), failures, fresh: [] },
      { delivery: receiver.delivery('d'), failures: [], fresh: [] },
      { delivery: receiver.delivery('e'), failures: [], fresh: [] },
    ];
    const failureLog = new FailureLog('settling', silentLog, clock);
    expect(await settle(outcomes, never, { clock, failureLog })).toEqual(outcomes);
    expect(receiver.outcomes).toEqual(['a completed', 'b dead', 'c dead', 'd completed', 'e completed']);
  });
});

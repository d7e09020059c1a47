/**
 * The ledger of `e2e/ledger.test.ts` for longer, with up to three faults at a time, chosen at random. It runs for
 * `DSTREAM_TEST_LEDGER_SECONDS`, and not at all without.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ledgerSeconds } from '../support/endpoints.ts';
import type { Fault } from '../support/ledger-outputs.ts';
import { LedgerRig } from '../support/ledger-rig.ts';

const seconds = ledgerSeconds();
const nothing = { missing: [], unexpected: [], outOfOrder: [], changed: [] };

test.skipIf(seconds === 0)(
  `${seconds} seconds of faults at random: every output has what it must have, in order`,
  { timeout: (seconds + 180) * 1_000 },
  async () => {
    await using rig = await LedgerRig.start(3_000);
    const end = performance.now() + seconds * 1_000;
    const injected: string[] = [];
    while (performance.now() < end) {
      const faults = chosen(rig.faults);
      injected.push(faults.map(({ of, what }) => `${of}: ${what}`).join(' + '));
      const sending = rig.send(10);
      await Promise.all(faults.map((fault) => fault.inject()));
      await sending;
      if (injected.length % 5 === 0) await rig.settled(120_000);
    }
    await rig.settled(120_000);
    expect(await rig.stop()).toEqual([0, 0]);
    const differences = await rig.differences();
    expect(differences, injected.join('\n')).toEqual({
      bus: nothing,
      hub: nothing,
      files: nothing,
      hook: nothing,
    });
    expect(rig.deadLetters, injected.join('\n')).toEqual([]);
  },
);

/** One to three, each of another part. */
function chosen(faults: readonly Fault[]): readonly Fault[] {
  const [some = []] = fc.sample(fc.shuffledSubarray([...faults], { minLength: 1, maxLength: 3 }), 1);
  return [...new Map(some.map((fault) => [fault.of, fault])).values()];
}

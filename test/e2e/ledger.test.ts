/** What two processors deliver to four outputs while each of them fails in its turn: everything, in order, to those that must get it. */
import { expect, test } from 'vitest';
import { LedgerRig } from '../support/ledger-rig.ts';
import { until } from '../support/until.ts';

const nothing = { missing: [], unexpected: [], outOfOrder: [], changed: [] };

test('every output has what its routes say, transformed, each once or more, in order; nothing is dead-lettered', async () => {
  await using rig = await LedgerRig.start(1_000);
  for (const fault of rig.faults) {
    const sending = rig.send(3);
    await fault.inject();
    await sending;
    await rig.send(1);
    await rig.settled();
  }
  expect(await rig.leaks()).toEqual([]);
  expect(await rig.stop()).toEqual([0, 0]);

  expect(await rig.differences()).toEqual({ bus: nothing, hub: nothing, files: nothing, hook: nothing });
  expect(rig.deadLetters).toEqual([]);
  // Otherwise it would say nothing.
  for (const output of ['bus', 'hub', 'files', 'hook']) {
    expect(
      rig.logs.some((line) => line.includes(`publishing to ${output} failed; retrying`)),
      output,
    ).toBe(true);
    expect((await rig.counts(output)).due).toBeGreaterThan(200);
  }
  for (const output of ['bus', 'hub', 'hook']) {
    const { arrived, due } = await rig.counts(output);
    expect(arrived, `${output}: a lost reply is a repeat`).toBeGreaterThan(due);
  }
}, 180_000);

test('while outputs are away a stop is clean and quick; the next processors deliver the rest, and nothing is dead-lettered', async () => {
  await using rig = await LedgerRig.start(1_000);
  await rig.send(2);
  await rig.settled();
  const end = rig.outputs.outage();
  await rig.send(5);
  await until(
    () => rig.logs.some((line) => line.includes('publishing to bus failed; retrying')),
    () => 'the outage is noticed',
  );
  const startMs = performance.now();
  expect(await rig.stop()).toEqual([0, 0]);
  // Far below `shutdown_timeout`: nothing is waited for that does not come.
  expect(performance.now() - startMs).toBeLessThan(20_000);
  rig.startProcessors();
  await rig.send(2);
  end();
  await rig.settled();
  expect(await rig.stop()).toEqual([0, 0]);
  expect(await rig.differences()).toEqual({ bus: nothing, hub: nothing, files: nothing, hook: nothing });
  expect(rig.deadLetters).toEqual([]);
}, 120_000);

test('every change ends delivered, dropped on purpose and counted, or dead-lettered; a replay completes what is missing', async () => {
  await using rig = await LedgerRig.start(1_000);
  const isRefused = (line: string) => /"N":\d*7[,}]/.test(line.slice(0, line.indexOf('"metadata"')));
  rig.outputs.refuseAtHook(isRefused);
  await rig.send(15);
  await rig.settled();
  const { bus, hub, files, hook } = await rig.differences();
  expect({ bus, hub, files }).toEqual({ bus: nothing, hub: nothing, files: nothing });
  const missing = hook?.missing ?? [];
  expect(missing.length).toBeGreaterThan(10);
  expect(hook).toEqual({ ...nothing, missing });
  expect(await rig.counted('dstream_changes_dead_lettered_total', '"hook"')).toBe(missing.length);
  expect(await rig.counted('dstream_changes_unrouted_total')).toBe(rig.sent('Noise'));
  expect(rig.deadLetters.length).toBeGreaterThan(0);

  rig.outputs.refuseAtHook(undefined);
  expect(await rig.replay()).toBe(0);
  await rig.settled();
  expect(rig.deadLetters).toEqual([]);
  const after = await rig.differences();
  // They are marked as replayed, and out of order by nature.
  expect({ ...after['hook'], outOfOrder: [] }).toEqual({ ...nothing, changed: expect.any(Array) });
  expect(after['hook']?.changed.toSorted()).toEqual(missing.toSorted());
  expect(after).toMatchObject({ bus: nothing, hub: nothing, files: nothing });
  expect(await rig.stop()).toEqual([0, 0]);
}, 120_000);

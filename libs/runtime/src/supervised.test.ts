import { DStreamError, silentLog, type Log, type StopSignals } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { expect, test } from 'vitest';
import type { RunningService } from './service-context.ts';
import { supervised } from './supervised.ts';

type Run = (stop: StopSignals) => Promise<void>;

/** Lives of a service, each with the next of `runs`; the last one runs until it is drained. */
async function rig(...runs: readonly Run[]) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const error = (sentence: string) => void lines.push(sentence);
  const log: Log = { ...silentLog, error };
  const [draining, aborting] = [new AbortController(), new AbortController()];
  const lives: { disposed: boolean }[] = [];
  let refused: DStreamError | undefined;
  const open = async (): Promise<RunningService> => {
    if (refused !== undefined) throw refused;
    const life = { disposed: false };
    const run = runs[lives.push(life) - 1] ?? untilDrained;
    return {
      name: 'ingester',
      run,
      notReady: () => undefined,
      isBlocked: () => false,
      activity: () => ({}),
      status: () => lives.length,
      [Symbol.asyncDispose]: async () => void (life.disposed = true),
    };
  };
  const service = await supervised(open, { clock, log, random: () => 1 });
  const running = service.run({ draining: draining.signal, aborted: aborting.signal });
  running.catch(() => undefined);
  const drain = () => draining.abort(new Error('stopping'));
  const refuse = (error: DStreamError) => void (refused = error);
  return { clock, lines, lives, service, running, drain, refuse };
}

const untilDrained: Run = ({ draining }) =>
  new Promise((resolve) => draining.addEventListener('abort', () => resolve()));
const fails =
  (code: 'Unexpected' | 'LoginFailed'): Run =>
  () =>
    Promise.reject(new DStreamError(code, 'it failed'));

test('a service that fails for a transient reason is closed and opened again, later each time', async () => {
  const { clock, lines, lives, service, running, drain } = await rig(
    fails('Unexpected'),
    fails('Unexpected'),
  );
  await clock.advance(0);
  expect([service.notReady(), lives]).toEqual([
    'the ingester failed; restarting: Unexpected',
    [{ disposed: true }],
  ]);
  await clock.advance(1_000);
  expect(lives).toHaveLength(2);
  await clock.advance(1_999);
  expect(lives).toHaveLength(2);
  await clock.advance(1);
  expect([service.notReady(), service.status(), lives.map(({ disposed }) => disposed)]).toEqual([
    undefined,
    3,
    [true, true, false],
  ]);
  expect(lines).toEqual(['running the ingester failed; retrying']);
  drain();
  await running;
  await service[Symbol.asyncDispose]();
  expect([lives[2]?.disposed, clock.sleeping]).toEqual([true, 0]);
});

test('one that fails over and over is logged again at growing intervals and never waits longer than 30 s', async () => {
  const { clock, lines, lives, drain, running } = await rig(...Array<Run>(40).fill(fails('Unexpected')));
  await clock.advance(310_000);
  expect(lines).toEqual([
    'running the ingester failed; retrying',
    ...Array<string>(2).fill('running the ingester still failing; retrying'),
  ]);
  const before = lives.length;
  await clock.advance(30_000);
  expect(lives).toHaveLength(before + 1);
  drain();
  await running;
});

test('what a person must fix ends it', async () => {
  const { running, lives, clock } = await rig(fails('LoginFailed'));
  await expect(running).rejects.toMatchObject({ code: 'LoginFailed' });
  expect([lives.length, clock.sleeping]).toEqual([1, 0]);
});

test('a stop ends the wait for the next start, and what fails while stopping is thrown', async () => {
  const waiting = await rig(fails('Unexpected'));
  await waiting.clock.advance(100);
  waiting.drain();
  await waiting.running;
  expect([waiting.lives.length, waiting.clock.sleeping]).toEqual([1, 0]);
  const failing = await rig(async ({ draining }) => {
    await untilDrained({ draining, aborted: draining });
    throw new DStreamError('Unexpected', 'could not save');
  });
  failing.drain();
  await expect(failing.running).rejects.toThrow('could not save');
});

test('what cannot be opened is known at the start, and ends a service that is opened again', async () => {
  const fatal = new DStreamError('ConfigInvalid', 'the key cannot be read');
  const options = { clock: new ManualClock(), log: silentLog };
  await expect(supervised(() => Promise.reject(fatal), options)).rejects.toBe(fatal);
  const { running, clock, lives, refuse } = await rig(fails('Unexpected'));
  refuse(fatal);
  await clock.advance(1_000);
  await expect(running).rejects.toBe(fatal);
  expect([lives, clock.sleeping]).toEqual([[{ disposed: true }], 0]);
});

import { aborted } from '@dstream/async';
import { DStreamError, type CallOptions, type CheckResult, type Checks } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { runPart, type RunPartOptions } from './run-part.ts';

const passed: CheckResult = { outcome: 'passed', check: 'a.b', message: 'fine' };
const never = new AbortController().signal;
const part = { path: 'ingester.source', type: 'sqlserver' };

function options(given: Partial<RunPartOptions> = {}): RunPartOptions {
  return {
    clock: new ManualClock(),
    limitMs: 30_000,
    signal: new AbortController().signal,
    redact: (text) => text.replaceAll('hunter2', '[secret]'),
    known: [],
    ...given,
  };
}

/** Yields one result, then never answers; `cleanUp` runs at the abort. */
function hanging(cleanUp: () => Promise<void>) {
  return async function* ({ signal }: CallOptions): Checks {
    yield passed;
    try {
      await aborted(signal);
      signal.throwIfAborted();
    } finally {
      await cleanUp();
    }
  };
}

describe('the checks of a part', () => {
  test('are reported in their order', async () => {
    const second: CheckResult = { ...passed, check: 'a.c' };
    const checks = async function* (): Checks {
      yield* [passed, second];
    };
    expect(await runPart({ ...part, checks }, options())).toEqual({ ...part, results: [passed, second] });
  });

  test('that are none are one that has passed', async () => {
    expect(await runPart({ ...part, checks: undefined }, options())).toMatchObject({
      results: [{ outcome: 'passed', check: 'check.none' }],
    });
  });

  test('fail when nothing answers in time, after they have removed what they wrote', async () => {
    const clock = new ManualClock();
    const order: string[] = [];
    const cleanUp = async () => {
      await clock.sleep(1_000, never);
      order.push('removed');
    };
    const running = runPart({ ...part, checks: hanging(cleanUp) }, options({ clock }));
    void running.then(() => order.push('ended'));
    await clock.advance(30_000);
    expect(order).toEqual([]);
    await clock.advance(1_000);
    expect(order).toEqual(['removed', 'ended']);
    expect((await running).results).toEqual([
      passed,
      {
        outcome: 'failed',
        check: 'check.timeout',
        message: 'no answer within 30 s',
        remedy: {
          kind: 'advice',
          text: 'check that the address is right and answers from here; --timeout gives it more time',
        },
      },
    ]);
  });

  test('never hang, not even when they ignore the abort', async () => {
    const clock = new ManualClock();
    const checks = async function* (): Checks {
      yield passed;
      await new Promise(() => undefined);
    };
    const running = runPart({ ...part, checks }, options({ clock }));
    await clock.advance(30_000);
    await clock.advance(2_000);
    expect((await running).results).toMatchObject([passed, { check: 'check.timeout' }]);
  });

  test('end at once when they are interrupted, after they have removed what they wrote', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const order: string[] = [];
    const cleanUp = async () => {
      await clock.sleep(1_000, never);
      order.push('removed');
    };
    const running = runPart({ ...part, checks: hanging(cleanUp) }, options({ clock, signal: stop.signal }));
    const reason = new Error('interrupted');
    stop.abort(reason);
    void running.catch(() => order.push('ended'));
    await clock.advance(0);
    expect(order).toEqual([]);
    await clock.advance(1_000);
    expect(order).toEqual(['removed', 'ended']);
    await expect(running).rejects.toBe(reason);
  });

  test('that throw fail, with what was found before', async () => {
    const checks = async function* (): Checks {
      yield passed;
      throw new DStreamError('Throttled', 'the server is busy');
    };
    expect((await runPart({ ...part, checks }, options())).results).toEqual([
      passed,
      {
        outcome: 'failed',
        check: 'check.error',
        message: 'Throttled: the server is busy',
        remedy: { kind: 'advice', text: 'look up Throttled in docs/operations.md' },
      },
    ]);
  });

  test('say nothing twice: what the file lacks is said about the file', async () => {
    const checks = async function* (): Checks {
      yield* [];
      throw new DStreamError(
        'ConfigInvalid',
        'd.hcl:4: topic: the variable X is not set; set it in the environment',
      );
    };
    const known = ['d.hcl:4: topic: the variable X is not set'];
    expect((await runPart({ ...part, checks }, options({ known }))).results).toMatchObject([
      { outcome: 'warned', check: 'check.skipped' },
    ]);
    expect((await runPart({ ...part, checks }, options())).results).toMatchObject([{ outcome: 'failed' }]);
  });

  test('show no secret, wherever it is', async () => {
    const text = 'hunter2 is it';
    const checks = async function* (): Checks {
      yield {
        outcome: 'failed',
        check: 'a.b',
        subject: text,
        message: text,
        remedy: { kind: 'command', text },
      };
      throw new Error(text);
    };
    const report = await runPart({ ...part, checks }, options());
    expect(JSON.stringify(report)).not.toContain('hunter2');
    expect(report.results).toHaveLength(2);
  });

  test('keep what looks like a secret in a command, which a person is to copy', async () => {
    const remedy = { kind: 'sql', text: "ALTER LOGIN [a] WITH PASSWORD = N'…'" } as const;
    const message = 'AccountKey=abcdefgh';
    const checks = async function* (): Checks {
      yield { outcome: 'failed', check: 'a.b', message, remedy };
    };
    expect((await runPart({ ...part, checks }, options())).results).toEqual([
      { outcome: 'failed', check: 'a.b', message: 'AccountKey=[secret]', remedy },
    ]);
  });
});

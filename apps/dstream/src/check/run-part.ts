/** Runs the checks of one part to their end, their time limit or an interruption, whichever comes first. */
import { pause, withTimeout } from '@dstream/async';
import {
  asDStreamError,
  DStreamError,
  withoutSecrets,
  type CheckResult,
  type Checks,
  type Clock,
  type FailedCheck,
} from '@dstream/core';
import type { CheckedPart } from '@dstream/runtime/service-context';

/** How parts are checked. */
export interface RunPartOptions {
  readonly clock: Clock;
  /** Longest time of a part, milliseconds. */
  readonly limitMs: number;
  /** On its abort the run rejects with its reason. */
  readonly signal: AbortSignal;
  /** Takes the secrets of the configuration out of a text. */
  readonly redact: (text: string) => string;
  /** What was found in the file already and keeps parts from being looked at: lines, as an error begins them. */
  readonly known: readonly string[];
}

/** What was found about one part. */
export interface PartReport extends Pick<CheckedPart, 'path' | 'type'> {
  /** In the order in which they were found. */
  readonly results: readonly CheckResult[];
}

/** How long checks that are aborted may take to remove what they have written. */
const cleanupMs = 2_000;

/**
 * Never hangs: what does not answer within the limit is a failed check. What checks throw is one, too. Rejects on abort only,
 * when the checks have cleaned up.
 */
export async function runPart(
  { path, type, checks }: CheckedPart,
  options: RunPartOptions,
): Promise<PartReport> {
  if (checks === undefined) return { path, type, results: [nothingToCheck(type)] };
  const results: CheckResult[] = [];
  await collect(checks, results, options);
  return { path, type, results: results.map((result) => redacted(result, options.redact)) };
}

function nothingToCheck(type: string): CheckResult {
  return {
    outcome: 'passed',
    check: 'check.none',
    message: `type "${type}" needs nothing outside this process`,
  };
}

async function collect(
  checks: NonNullable<CheckedPart['checks']>,
  results: CheckResult[],
  { clock, limitMs, signal, known }: RunPartOptions,
): Promise<void> {
  const late = () => new DStreamError('TimedOut', `no answer within ${limitMs / 1_000} s`);
  let collecting = Promise.resolve();
  try {
    await withTimeout({ clock, atMs: clock.monotonicMs() + limitMs, late, signal }, (stop) => {
      collecting = appendAll(checks({ signal: stop }), results);
      return collecting;
    });
  } catch (error) {
    await cleanedUp(collecting, clock);
    signal.throwIfAborted();
    results.push(isKnown(error, known) ? notChecked : unforeseen(error));
  }
}

async function appendAll(checks: Checks, results: CheckResult[]): Promise<void> {
  for await (const result of checks) results.push(result);
}

/** Whether the checks then end well does not count any more. */
async function cleanedUp(collecting: Promise<void>, clock: Clock): Promise<void> {
  const ended = new AbortController();
  const end = () => ended.abort();
  collecting.then(end, end);
  await pause(clock, cleanupMs, ended.signal);
}

const notChecked: FailedCheck = {
  outcome: 'warned',
  check: 'check.skipped',
  message: 'not checked: it is not configured completely',
  remedy: { kind: 'advice', text: 'fix what failed in the configuration, and check again' },
};

function isKnown(error: unknown, known: readonly string[]): boolean {
  const { code, message } = asDStreamError(error);
  return (
    code === 'ConfigInvalid' && message.split('\n').every((line) => known.some((one) => line.startsWith(one)))
  );
}

function unforeseen(error: unknown): FailedCheck {
  const { code, message } = asDStreamError(error);
  if (code !== 'TimedOut')
    return failure('check.error', `${code}: ${message}`, `look up ${code} in docs/operations.md`);
  const text = 'check that the address is right and answers from here; --timeout gives it more time';
  return failure('check.timeout', message, text);
}

function failure(check: string, message: string, text: string): FailedCheck {
  return { outcome: 'failed', check, message, remedy: { kind: 'advice', text } };
}

/** A remedy is our own text: only what is known to be secret is taken out, so that what looks like one can be copied. */
function redacted(result: CheckResult, redact: (text: string) => string): CheckResult {
  const shown = {
    ...(result.subject !== undefined && { subject: redact(withoutSecrets(result.subject)) }),
    message: redact(withoutSecrets(result.message)),
  };
  if (result.outcome === 'passed') return { ...result, ...shown };
  return { ...result, ...shown, remedy: { ...result.remedy, text: redact(result.remedy.text) } };
}

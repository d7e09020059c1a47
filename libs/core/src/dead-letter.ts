/** What of a message failed for good, as properties of its dead letter (docs/guarantees.md, rule 8). */
import type { DeadLetterProperties } from './subscription.ts';

/** One change that was not delivered. */
export interface FailedChange {
  /** The place of the change in its message, from 0. */
  readonly index: number;
  /** The name of the output; `*` when it concerns all outputs. */
  readonly output: string;
  readonly reason: string;
  /** A transform or a route failed on it: `output` is `*` then. */
  readonly transform?: true;
}

/** The reasons are cut to this many characters; the indexes never are. */
const maxReasons = 1024;

/**
 * Properties `failed.<output>`: indexes as ranges (`0-3,7`), and `reasons`: JSON, one `{index, output, reason}` of
 * each distinct reason, as many as fit.
 */
export function deadLetterProperties(failures: readonly FailedChange[]): DeadLetterProperties {
  const byOutput = Map.groupBy(failures, (failure) => failure.output);
  const failed = [...byOutput].map(([output, of]) => [
    `failed.${output}`,
    ranges(of.map(({ index }) => index)),
  ]);
  return { ...(Object.fromEntries(failed) as DeadLetterProperties), reasons: reasonsOf(failures) };
}

function ranges(indexes: readonly number[]): string {
  const parts: { from: number; to: number }[] = [];
  for (const index of [...new Set(indexes)].sort((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last !== undefined && index === last.to + 1) last.to = index;
    else parts.push({ from: index, to: index });
  }
  return parts.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** True when a property `failed.<output>` has the index. What is not a range is ignored. */
export function hasIndex(text: string, index: number): boolean {
  return text.split(',').some((part) => {
    const [, from, to = from] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part) ?? [];
    return Number(from) <= index && index <= Number(to);
  });
}

function reasonsOf(failures: readonly FailedChange[]): string {
  const distinct = [
    ...new Map(failures.map((failure) => [`${failure.output}\n${failure.reason}`, failure])).values(),
  ];
  let kept: readonly FailedChange[] = [];
  for (const { index, output, reason } of distinct) {
    const more = [...kept, { index, output, reason: reason.slice(0, 200) }];
    if (JSON.stringify(more).length > maxReasons) break;
    kept = more;
  }
  return JSON.stringify(kept);
}

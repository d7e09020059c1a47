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

const failedPrefix = 'failed.';

/** The reasons are cut to this many characters; the indexes never are. */
const maxReasons = 1024;

/**
 * The ranges of all outputs have at most so many characters: the properties of a message, which has its own, take 32 KB each
 * and 64 KB in all ("Service Bus quotas").
 */
const maxRanges = 30_000;

/**
 * Properties `failed.<output>`: indexes as ranges (`0-3,7`), and `reasons`: JSON, one `{index, output, reason}` of
 * each distinct reason, as many as fit. Ranges that would not fit are widened to one, because a dead letter that the broker does
 * not take would block its session: a replay repeats what lies between them.
 */
export function deadLetterProperties(failures: readonly FailedChange[]): DeadLetterProperties {
  const byOutput = Map.groupBy(failures, (failure) => failure.output);
  const maxLength = Math.floor(maxRanges / byOutput.size);
  const failed = [...byOutput].map(([output, of]) => [
    `${failedPrefix}${output}`,
    widened(rangesOf(of.map(({ index }) => index)), maxLength),
  ]);
  return { ...(Object.fromEntries(failed) as DeadLetterProperties), reasons: reasonsOf(failures) };
}

/** The properties that a message had before `deadLetterProperties` were added. */
export function withoutFailures(properties: DeadLetterProperties): DeadLetterProperties {
  const own = Object.entries(properties).filter(
    ([name]) => name !== 'reasons' && !name.startsWith(failedPrefix),
  );
  return Object.fromEntries(own);
}

/** `0-3,7` for 0, 1, 2, 3 and 7. */
export function rangesOf(indexes: readonly number[]): string {
  const parts: { from: number; to: number }[] = [];
  for (const index of [...new Set(indexes)].sort((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last !== undefined && index === last.to + 1) last.to = index;
    else parts.push({ from: index, to: index });
  }
  return parts.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

function widened(ranges: string, maxLength: number): string {
  if (ranges.length <= maxLength) return ranges;
  return `${/^\d+/.exec(ranges)?.[0]}-${/\d+$/.exec(ranges)?.[0]}`;
}

/** What of a message failed, by output: the reverse of `deadLetterProperties`. Empty where the broker has dead-lettered it. */
export function failedIndexes(properties: DeadLetterProperties): ReadonlyMap<string, string> {
  const failed = Object.entries(properties).filter(([name]) => name.startsWith(failedPrefix));
  return new Map(failed.map(([name, ranges]) => [name.slice(failedPrefix.length), String(ranges)]));
}

/** The indexes below `count` that ranges name, as `rangesOf` writes them. What is not a range is ignored. */
export function indexesIn(ranges: string, count: number): ReadonlySet<number> {
  const indexes = new Set<number>();
  let next = 0;
  // In order, so that each index is looked at once: anybody may have written thousands of ranges that overlap.
  for (const { from, to } of rangesIn(ranges).sort((a, b) => a.from - b.from)) {
    for (let index = Math.max(from, next); index <= Math.min(to, count - 1); index += 1) indexes.add(index);
    next = Math.max(next, to + 1);
  }
  return indexes;
}

function rangesIn(text: string): { readonly from: number; readonly to: number }[] {
  return text.split(',').flatMap((part) => {
    const [, from, to = from] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part) ?? [];
    return from === undefined ? [] : { from: Number(from), to: Number(to) };
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

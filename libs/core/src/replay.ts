/**
 * Replaying dead letters (docs/guarantees.md, rule 8): the message that is sent again, and how a processor recognises it.
 * It holds only the changes that failed, and names the subscription and the outputs that it is for. Pure: the hash is passed in.
 */
import { failedIndexes, indexesIn, rangesOf, withoutFailures } from './dead-letter.ts';
import type { DeadLetter } from './dead-letter-queue.ts';
import { contentTypeOf, maxChangesOfMessage } from './pack.ts';
import type { DeadLetterProperties, IncomingMessage } from './subscription.ts';
import { shorten, type Hash } from './table-id.ts';
import type { OutgoingMessage } from './topic.ts';

/** Application properties of a replayed message. Readers of other subscriptions filter by the first one. */
const forProperty = 'replay-for';
const outputsProperty = 'replay-outputs';
const countProperty = 'replay-count';

/** What is not taken over: it speaks of the dead letter, or of the whole message and its place in the session. */
const dropped = new Set([
  forProperty,
  outputsProperty,
  countProperty,
  'DeadLetterReason',
  'DeadLetterErrorDescription',
  'follows',
  'firstPosition',
  'lastPosition',
]);

/** Stands for all outputs in `failed.*`: the change could not be read, or a transform failed on it. */
const allOutputs = '*';

/** How a message is replayed. */
export interface ReplayOptions {
  /** The name of the subscription whose dead letter it is. */
  readonly subscription: string;
  /** The changes go by the routes of the configuration, not to the outputs at which they failed. */
  readonly reroute: boolean;
  readonly hash: Hash;
}

/** The outputs at which changes of a dead letter failed, except for those that failed as a whole. */
export function failedOutputs({ message }: DeadLetter): readonly string[] {
  return [...outputsIn(message.properties).keys()].filter((output) => output !== allOutputs);
}

/** How many changes a replay of it brings. */
export function failedChanges({ message }: DeadLetter): number {
  return linesToReplay(message).indexes.length;
}

/** A line of a dead letter that a replay brings. */
export interface FailedLine {
  /** Its place in the message, from 0. */
  readonly index: number;
  /** As it arrived. */
  readonly line: Uint8Array;
  /** Where it failed; `*` stands for all outputs. None where the broker has dead-lettered the message. */
  readonly outputs: readonly string[];
}

/** What of a dead letter failed, for people. */
export function failedLines({ message }: DeadLetter): readonly FailedLine[] {
  const { lines, indexes } = linesToReplay(message);
  const failed = Array.from(failedIndexes(message.properties), ([output, ranges]) => ({
    output,
    own: indexesIn(ranges, lines.length),
  }));
  return indexes.map((index) => ({
    index,
    line: lines[index] ?? new Uint8Array(),
    outputs: failed.filter(({ own }) => own.has(index)).map(({ output }) => output),
  }));
}

/** How often the changes of a message were replayed before it arrived. */
export function replayCount({ properties }: Pick<IncomingMessage, 'properties'>): number {
  const count = properties[countProperty];
  return Number.isSafeInteger(count) && (count as number) > 0 ? (count as number) : 0;
}

/**
 * The message that replays a dead letter: its failed changes, byte for byte, to the outputs that refused them. What the
 * broker has dead-lettered, and what has no `failed.*`, is replayed whole, by the routes. The same dead letter always gives
 * the same message id.
 */
export function replayMessage({ message }: DeadLetter, options: ReplayOptions): OutgoingMessage {
  const { lines, indexes, isWhole } = linesToReplay(message);
  const body = isWhole ? message.body : joined(indexes.flatMap((index) => lines[index] ?? []));
  const count = replayCount(message) + 1;
  const outputs = options.reroute ? {} : outputsOf(message.properties, indexes);
  return {
    messageId: replayId(message, count, options.hash),
    sessionId: message.sessionId ?? '',
    subject: message.subject ?? '',
    contentType: contentTypeOf(indexes.length),
    body,
    bodyBytes: body.length,
    properties: {
      ...keptProperties(message.properties),
      changes: indexes.length,
      [forProperty]: options.subscription,
      ...(Object.keys(outputs).length > 0 && { [outputsProperty]: JSON.stringify(outputs) }),
      [countProperty]: count,
    },
  };
}

/** A message that was replayed, as its processor reads it. */
export interface Replay {
  /** The name of the subscription that it is for. */
  readonly subscription: string;
  /** How often its changes were replayed, from 1. */
  readonly count: number;
  /** The outputs that get a change, by its index in the message. No entry: those of its routes. */
  readonly outputs: ReadonlyMap<number, readonly string[]>;
}

/** Undefined for a message that was not replayed. Called for every message. */
export function replayOf({ properties }: Pick<IncomingMessage, 'properties'>): Replay | undefined {
  const subscription = properties[forProperty];
  if (typeof subscription !== 'string' || subscription === '') return undefined;
  const count = Math.max(1, replayCount({ properties }));
  return { subscription, count, outputs: outputsByIndex(properties[outputsProperty]) };
}

/** Names of entities are case-insensitive (Service Bus quotas). */
export function isReplayFor({ subscription }: Replay, name: string): boolean {
  return subscription.toLowerCase() === name.toLowerCase();
}

/** Pairs of a change and an output in one message, at most: all changes of a full one for a hundred outputs. */
const maxPairs = 100 * maxChangesOfMessage;

/**
 * What cannot be read, or names more pairs than there may be, means no entry: the changes go by the routes, which loses nothing.
 * Anybody who may send to the topic may have written it.
 */
function outputsByIndex(text: unknown): ReadonlyMap<number, readonly string[]> {
  const byIndex = new Map<number, string[]>();
  let pairs = 0;
  for (const [output, ranges] of Object.entries(parsedObject(text))) {
    const indexes = indexesIn(String(ranges), maxChangesOfMessage);
    pairs += indexes.size;
    if (pairs > maxPairs) return new Map();
    for (const index of indexes) {
      const outputs = byIndex.get(index);
      if (outputs === undefined) byIndex.set(index, [output]);
      else outputs.push(output);
    }
  }
  return byIndex;
}

function parsedObject(text: unknown): Readonly<Record<string, unknown>> {
  if (typeof text !== 'string') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/**
 * By output the ranges of its changes in a dead letter. A replayed message that the broker has dead-lettered, because nobody took
 * it in time, is still for the outputs that it names.
 */
function outputsIn(properties: DeadLetterProperties): ReadonlyMap<string, string> {
  const failed = failedIndexes(properties);
  if (failed.size > 0) return failed;
  const named = Object.entries(parsedObject(properties[outputsProperty]));
  return new Map(named.map(([output, ranges]) => [output, String(ranges)]));
}

/** By output the ranges of its changes in the replayed message. A change that failed as a whole is left to the routes. */
function outputsOf(properties: DeadLetterProperties, indexes: readonly number[]): Record<string, string> {
  const failed = outputsIn(properties);
  const whole = indexesIn(failed.get(allOutputs) ?? '', maxChangesOfMessage);
  const outputs: Record<string, string> = {};
  for (const [output, ranges] of failed) {
    const own = indexesIn(ranges, maxChangesOfMessage);
    const named = indexes.flatMap((index, at) => (own.has(index) && !whole.has(index) ? [at] : []));
    if (output !== allOutputs && named.length > 0) outputs[output] = rangesOf(named);
  }
  return outputs;
}

interface ReplayedLines {
  /** The lines of the message. */
  readonly lines: readonly Uint8Array[];
  /** Those that are replayed. */
  readonly indexes: readonly number[];
  /** The body is replayed as it is: nothing says what of it failed, or it cannot be divided into lines. */
  readonly isWhole: boolean;
}

function linesToReplay({ body, properties }: Pick<IncomingMessage, 'body' | 'properties'>): ReplayedLines {
  const lines = linesOf(body);
  const failed = [...failedIndexes(properties).values()].join(',');
  const indexes = [...indexesIn(failed, lines.length)].sort((a, b) => a - b);
  const isWhole = indexes.length === 0 || lines.length > maxChangesOfMessage || mayMeanAll(indexes, body);
  return { lines, indexes: isWhole ? lines.map((_, index) => index) : indexes, isWhole };
}

const lineEnd = 0x0a;

/** As a processor counts them: without an empty one after the last line end. */
function linesOf(body: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < body.length;) {
    const found = body.indexOf(lineEnd, start);
    const end = found < 0 ? body.length : found;
    lines.push(body.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

function joined(lines: readonly Uint8Array[]): Uint8Array {
  const bytes = lines.reduce((sum, line) => sum + line.length + 1, -1);
  const body = new Uint8Array(Math.max(0, bytes)).fill(lineEnd);
  let at = 0;
  for (const line of lines) {
    body.set(line, at);
    at += line.length + 1;
  }
  return body;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Older processors refused a body that is not all UTF-8 as a whole, and named its first line for it. */
function mayMeanAll([first, ...others]: readonly number[], body: Uint8Array): boolean {
  if (first !== 0 || others.length > 0) return false;
  try {
    decoder.decode(body);
    return false;
  } catch {
    return true;
  }
}

function keptProperties(properties: DeadLetterProperties): DeadLetterProperties {
  const kept = Object.entries(withoutFailures(properties)).filter(([name]) => !dropped.has(name));
  return Object.fromEntries(kept);
}

/** Characters of a message id, at most (Service Bus quotas). */
const maxMessageId = 128;

/** A message that was replayed before has the count at the end of its id: a new one takes its place. */
function replayId(message: IncomingMessage, count: number, hash: Hash): string {
  const before = `:r${count - 1}`;
  const { messageId } = message;
  const isReplayed = count > 1 && messageId.endsWith(before);
  const base = isReplayed ? messageId.slice(0, -before.length) : messageId;
  const suffix = `:r${count}`;
  return `${shorten(base, maxMessageId - suffix.length, hash)}${suffix}`;
}

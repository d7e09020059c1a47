/** Reads the changes of a message, and judges whether the clock allows their generation. */
import {
  asDStreamError,
  DStreamError,
  inCurrentVersion,
  isNewer,
  isReplayFor,
  maxChangesOfMessage,
  parseEnvelope,
  parseToRewrite,
  replayOf,
  tableName,
  travelsBy,
  withoutNullBefore,
  type Clock,
  type FailedChange,
  type Hash,
  type IncomingMessage,
  type Log,
  type LogFields,
  type Progress,
  type Replay,
  type RoutedEvent,
  type StampedEvent,
} from '@dstream/core';
import { pause } from '@dstream/async';

/** One change of a message, as every output gets it. */
export interface DecodedChange extends RoutedEvent {
  readonly event: StampedEvent;
  /** The envelope as it arrived, a part of the message's body; rewritten where it was of an older version. */
  readonly line: Uint8Array;
  readonly messageId: string;
  /** Its place in the message, from 0; several that a transform made of one have its place. */
  readonly index: number;
  /** The change of the message that a transform made it of; absent where it is that change. */
  readonly madeOf?: DecodedChange;
  /** The outputs that get it, with the destination there that a transform has chosen. Absent: all outputs. */
  readonly to?: Recipients;
  /** The only outputs that get it: those that a replayed message names for it. */
  readonly replayTo?: readonly string[];
}

/** Destinations by the names of outputs; undefined where the output's own applies. */
export type Recipients = ReadonlyMap<string, string | undefined>;

/** The changes of a message, as far as they could be read. */
export interface DecodedMessage {
  readonly changes: readonly DecodedChange[];
  /** Lines that cannot be read. They concern every output. */
  readonly failures: readonly FailedChange[];
  /** The newest of the changes; undefined for a replayed message, which neither moves nor is compared with the progress. */
  readonly newest: Progress | undefined;
  /** How it was replayed from the dead-letter queue. Without changes where that was for another subscription. */
  readonly replay?: Replay;
}

/** Options of `decodeMessage`. */
export interface DecodeOptions {
  readonly hash: Hash;
  /** Wall clock, for generations that no clock could have given. */
  readonly nowMs: number;
  /** Name of the subscription that the message came from. */
  readonly subscription: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lineEnd = 0x0a;

/**
 * A generation comes from the clock of a storage service. One that is further ahead than this of both our clock and the
 * broker's is false. Less than that proves nothing: any of the clocks may be wrong (`ClockGuard`).
 */
const maxAheadMs = 366 * 86_400_000;

/** Reads every line that can be read. Never throws: a line that cannot be read is a failure with its reason. */
export function decodeMessage(message: IncomingMessage, options: DecodeOptions): DecodedMessage {
  const replay = replayOf(message);
  if (replay === undefined) return decodeLines(message, options, undefined);
  if (!isReplayFor(replay, options.subscription)) return { ...nothing, replay };
  return { ...decodeLines(message, options, replay), newest: undefined, replay };
}

const nothing: DecodedMessage = { changes: [], failures: [], newest: undefined };

function decodeLines(
  message: IncomingMessage,
  options: DecodeOptions,
  replay: Replay | undefined,
): DecodedMessage {
  const { messageId, sessionId: orderingKey = '', enqueuedAtMs } = message;
  const body = withoutByteOrderMark(message.body);
  const lines = linesOf(body);
  if (typeof lines === 'string') return unreadable(lines);
  const changes: DecodedChange[] = [];
  const failures: FailedChange[] = [];
  const belongs = membershipOf(message.sessionId, options.hash);
  const latest = Math.max(options.nowMs, enqueuedAtMs) + maxAheadMs;
  let newest: StampedEvent['metadata'] | undefined;
  let start = 0;
  for (const [index, text] of lines.entries()) {
    const end = body.indexOf(lineEnd, start);
    const arrived = body.subarray(start, end < 0 ? body.length : end);
    start += arrived.length + 1;
    try {
      const json = text ?? decodedLine(arrived);
      const parsed = parseEnvelope(json);
      const current = inCurrentVersion(parsed);
      const event = withReplay(current, replay);
      assertPlausible(event, belongs, latest);
      const line =
        event === parsed
          ? arrived
          : encoder.encode(current === parsed ? replayed(json, replay) : JSON.stringify(event));
      const change = { event, line, orderingKey, messageId, index };
      changes.push(replay === undefined ? change : limited(change, replay));
      if (isNewer(event.metadata, newest)) newest = event.metadata;
    } catch (error) {
      failures.push({ index, output: '*', reason: asDStreamError(error).message });
    }
  }
  return { changes, failures, newest: newest && progressOf(newest) };
}

/** The event as outputs get it when it was replayed: out of order, and they can see that. */
function withReplay(event: StampedEvent, replay: Replay | undefined): StampedEvent {
  return replay === undefined ? event : { ...event, metadata: { ...event.metadata, replay: replay.count } };
}

/** The line of such an event. A line that arrived in the current version keeps the digits of its numbers. */
function replayed(json: string, replay: Replay | undefined): string {
  return JSON.stringify(withReplay(withoutNullBefore(parseToRewrite(json) as StampedEvent), replay));
}

/** To the outputs that the replay names for it; by its routes where it names none. */
function limited(change: DecodedChange, { outputs }: Replay): DecodedChange {
  const replayTo = outputs.get(change.index);
  return replayTo === undefined ? change : { ...change, replayTo };
}

/** A copy without the rest of the metadata, which would stay in memory with it. */
export function progressOf({ generation, position }: Progress): Progress {
  return { generation, position };
}

/** Names a message in a log line of its session. Its subject is the table. */
export function fieldsOf({ messageId, subject }: IncomingMessage): LogFields {
  return { messageId, table: subject };
}

/** Names a change in a log line. */
export function about(change: DecodedChange | undefined): LogFields {
  if (change === undefined) return {};
  const { messageId, orderingKey, event } = change;
  return { messageId, session: orderingKey, table: tableName(event.metadata), change: event.metadata.id };
}

/**
 * A change of another table, or of a false generation, is refused: it would move the progress of this session
 * beyond its own changes, and they would be dropped as repeats.
 */
function assertPlausible({ metadata }: StampedEvent, belongs: Membership, latestGeneration: number): void {
  if (!belongs(metadata)) {
    throw new DStreamError('MalformedMessage', 'the change does not belong to the session of its message');
  }
  if (metadata.generation > latestGeneration) {
    throw new DStreamError(
      'MalformedMessage',
      'the envelope has a metadata.generation that is more than a year ahead of every clock',
    );
  }
}

type Membership = (metadata: StampedEvent['metadata']) => boolean;

/** Whether a change may travel by that session. The changes of a message are usually of one table: it is computed once. */
function membershipOf(sessionId: string | undefined, hash: Hash): Membership {
  if (sessionId === undefined) return () => true;
  let known: Parameters<Membership>[0] | undefined;
  return (metadata) => {
    if (known !== undefined && sameTable(metadata, known)) return true;
    const belongs = travelsBy(sessionId, { ...metadata, source: metadata.server }, hash);
    if (belongs) known = metadata;
    return belongs;
  };
}

function sameTable(a: Parameters<Membership>[0], b: Parameters<Membership>[0]): boolean {
  return a.table === b.table && a.schema === b.schema && a.database === b.database && a.server === b.server;
}

/** A byte order mark is no part of the text (RFC 8259, section 8.1, lets a reader ignore it). */
function withoutByteOrderMark(body: Uint8Array): Uint8Array {
  const isMarked = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  return isMarked ? body.subarray(3) : body;
}

/**
 * JSON Lines, with or without a line end after the last line; what is wrong with the body where it has none. A line is
 * undefined where the body is not all UTF-8: then each line is decoded alone, so that those that are right are delivered.
 */
function linesOf(body: Uint8Array): readonly (string | undefined)[] | string {
  const lines = textLines(body) ?? Array.from({ length: lineEndsOf(body) + 1 }, () => undefined);
  if (body.length === 0 || body.at(-1) === lineEnd) lines.pop();
  if (lines.length === 0) return 'the body is empty';
  return lines.length > maxChangesOfMessage
    ? `the body has ${lines.length} lines; at most ${maxChangesOfMessage} are allowed`
    : lines;
}

/** Decoded at once, which is the usual case and faster. */
function textLines(body: Uint8Array): (string | undefined)[] | undefined {
  try {
    return decoder.decode(body).split('\n');
  } catch {
    return undefined;
  }
}

function lineEndsOf(body: Uint8Array): number {
  let count = 0;
  for (const byte of body) if (byte === lineEnd) count += 1;
  return count;
}

/** A line of a body that is not all UTF-8. */
function decodedLine(line: Uint8Array): string {
  try {
    return decoder.decode(line);
  } catch (cause) {
    throw new DStreamError('MalformedMessage', 'the envelope is not UTF-8 text', { cause });
  }
}

function unreadable(reason: string): DecodedMessage {
  return { changes: [], failures: [{ index: 0, output: '*', reason }], newest: undefined };
}

/** Difference of two clocks that causes no warning, milliseconds. */
const slackMs = 5_000;

/** Interval in which the clock is read while a session is held: somebody may correct it. */
const checkMs = 5_000;

/** Options of a `ClockGuard`. */
export interface ClockGuardOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Longest time for which a session is held. */
  readonly toleranceMs: number;
}

/**
 * Holds a session whose messages have a generation ahead of the clock.
 *
 * A generation is the time at which a checkpoint was created, by the clock of the store. One that is ahead of both our
 * clock and the time at which the broker accepted the message shows that a clock is wrong, or that the message is not ours: the
 * session is held, with a warning, until our clock has come that far, and at most `toleranceMs`, so that a person can look.
 * Then it is delivered: a healthy message must not be lost because of a clock. What the session has settled before is not
 * checked again.
 */
export class ClockGuard {
  readonly #options: ClockGuardOptions;
  #passed = 0;

  constructor(options: ClockGuardOptions) {
    this.#options = options;
  }

  /** Resolves when the messages may be delivered, or when `until` aborts. @param settled of the session */
  async pass(
    decoded: readonly { readonly message: IncomingMessage; readonly newest: Progress | undefined }[],
    settled: Progress | undefined,
    until: AbortSignal,
  ): Promise<void> {
    this.#passed = Math.max(this.#passed, settled?.generation ?? 0);
    for (const { message, newest } of decoded) {
      if (newest === undefined || newest.generation <= this.#passed) continue;
      await this.#hold(newest.generation, message, until);
      this.#passed = newest.generation;
    }
  }

  async #hold(generation: number, message: IncomingMessage, until: AbortSignal): Promise<void> {
    const { clock, log, toleranceMs } = this.#options;
    const aheadMs = () => generation - Math.max(clock.wallMs(), message.enqueuedAtMs);
    if (aheadMs() <= slackMs) return;
    const fields = { ...fieldsOf(message), generation, aheadSeconds: Math.round(aheadMs() / 1_000) };
    log.warn('message generation is ahead of the clock; holding the session: check the clocks', {
      ...fields,
      atMostSeconds: toleranceMs / 1_000,
    });
    const endMs = clock.monotonicMs() + toleranceMs;
    while (aheadMs() > slackMs && clock.monotonicMs() < endMs && !until.aborted)
      await pause(clock, Math.min(checkMs, endMs - clock.monotonicMs()), until);
    if (aheadMs() > slackMs && !until.aborted)
      log.warn('message generation is still ahead of the clock; delivering it', fields);
  }
}

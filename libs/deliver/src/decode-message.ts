import {
  asDStreamError,
  DStreamError,
  inCurrentVersion,
  maxChangesOfMessage,
  parseEnvelope,
  travelsBy,
  type FailedChange,
  type Hash,
  type IncomingMessage,
  type StampedEvent,
} from '@dstream/core';

/** One change of a message. */
export interface DecodedChange {
  readonly event: StampedEvent;
  /** The envelope as it arrived, or written anew where it was of an older version. */
  readonly line: string;
  /** Its place in the message, from 0. */
  readonly index: number;
}

export interface DecodedMessage {
  readonly changes: readonly DecodedChange[];
  /** Lines that cannot be read. They concern every output. */
  readonly failures: readonly FailedChange[];
}

export interface DecodeOptions {
  readonly hash: Hash;
  /** Wall clock, for generations that no clock could have given. */
  readonly nowMs: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * A generation comes from the clock of a storage service. One that is further ahead than this of both our clock and the
 * broker's was made up. Less than that proves nothing: any of the clocks may be wrong (`ClockGuard`).
 */
const maxAheadMs = 366 * 86_400_000;

/** Reads every line that can be read. Never throws: what cannot be read is set aside with its reason. */
export function decodeMessage(message: IncomingMessage, options: DecodeOptions): DecodedMessage {
  const lines = linesOf(message.body);
  if (lines === undefined) return unreadable('the body is not UTF-8 text');
  if (lines.length === 0) return unreadable('the body is empty');
  if (lines.length > maxChangesOfMessage)
    return unreadable(`the body has ${lines.length} lines, not ${maxChangesOfMessage} at most`);
  const changes: DecodedChange[] = [];
  const failures: FailedChange[] = [];
  const belongs = membersOf(message.sessionId, options.hash);
  const latest = Math.max(options.nowMs, message.enqueuedAtMs) + maxAheadMs;
  for (const [index, line] of lines.entries()) {
    try {
      changes.push(decodeLine(line, index, belongs, latest));
    } catch (error) {
      failures.push({ index, output: '*', reason: asDStreamError(error).message });
    }
  }
  return { changes, failures };
}

/** Of version 1 the line is written anew: what reads an output need not know which version an ingester had. */
function decodeLine(line: string, index: number, belongs: Membership, latest: number): DecodedChange {
  const parsed = parseEnvelope(line);
  const event = inCurrentVersion(parsed);
  assertPlausible(event, belongs, latest);
  return { event, line: event === parsed ? line : JSON.stringify(event), index };
}

/**
 * A change of another table, or of a generation that was made up, must not pass: it would move the progress of this session
 * beyond its own changes, and they would be dropped as repeats.
 */
function assertPlausible({ metadata }: StampedEvent, belongs: Membership, latestGeneration: number): void {
  if (!belongs(metadata)) {
    throw new DStreamError('MalformedMessage', 'the envelope belongs to another session than its message');
  }
  if (metadata.generation > latestGeneration) {
    throw new DStreamError(
      'MalformedMessage',
      'the envelope has a metadata.generation that is more than a year ahead of every clock',
    );
  }
}

type Membership = (metadata: StampedEvent['metadata']) => boolean;

/** Whether a change may travel by that session. The changes of a message are of one table as a rule: it is asked once. */
function membersOf(sessionId: string | undefined, hash: Hash): Membership {
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

/** JSON Lines: a line's end after the last line is allowed. */
function linesOf(body: Uint8Array): readonly string[] | undefined {
  try {
    const lines = utf8.decode(body).split('\n');
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  } catch {
    return undefined;
  }
}

function unreadable(reason: string): DecodedMessage {
  return { changes: [], failures: [{ index: 0, output: '*', reason }] };
}

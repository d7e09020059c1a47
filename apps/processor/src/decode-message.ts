import {
  asDStreamError,
  decodeEnvelope,
  type FailedChange,
  type IncomingMessage,
  type StampedEvent,
} from '@dstream/core';

/** One change of a message. */
export interface DecodedChange {
  readonly event: StampedEvent;
  /** The envelope as it arrived. */
  readonly line: string;
  /** Its place in the message, from 0. */
  readonly index: number;
}

export interface DecodedMessage {
  readonly changes: readonly DecodedChange[];
  /** Lines that cannot be read. They concern every output. */
  readonly failures: readonly FailedChange[];
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads every line that can be read. Never throws: what cannot be read is set aside with its reason. */
export function decodeMessage(message: IncomingMessage): DecodedMessage {
  const lines = linesOf(message.body);
  if (lines === undefined) return unreadable('the body is not UTF-8 text');
  if (lines.length === 0) return unreadable('the body is empty');
  const changes: DecodedChange[] = [];
  const failures: FailedChange[] = [];
  for (const [index, line] of lines.entries()) {
    try {
      changes.push({ event: decodeEnvelope(line), line, index });
    } catch (error) {
      failures.push({ index, output: '*', reason: asDStreamError(error).message });
    }
  }
  return { changes, failures };
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

/** A dead letter as JSON. Stable: fields are added, none changes its meaning. Pure. */
import {
  failedChanges,
  failedLines,
  failedOutputs,
  replayCount,
  tableName,
  withoutFailures,
  type DeadLetter,
} from '@dstream/core';
import { tableOf } from './dead-letter-filter.ts';

/** One line of `dstream dead-letters list`. */
export interface DeadLetterSummary {
  readonly sequenceNumber: string;
  readonly messageId: string;
  readonly session: string | null;
  /** When the topic accepted the message, ISO 8601, UTC. */
  readonly enqueuedAt: string;
  /** `schema.table`; null for a message that names none. */
  readonly table: string | null;
  readonly reason: string | null;
  readonly description: string | null;
  /** Outputs that refused changes of it. Empty where it failed before an output was asked. */
  readonly outputs: readonly string[];
  /** Changes that a replay brings. */
  readonly changes: number;
  /** How often its changes were replayed. */
  readonly replays: number;
}

/** What `dstream dead-letters show` prints of one. */
export interface DeadLetterDocument extends DeadLetterSummary {
  /** Properties of the message, without those of the dead letter. */
  readonly properties: Readonly<Record<string, string | number | boolean>>;
  /** The distinct reasons, as many as fit into the dead letter. */
  readonly reasons: readonly unknown[];
  readonly failed: readonly FailedChangeDocument[];
}

/** One change that failed. */
interface FailedChangeDocument {
  /** Its place in the message, from 0. */
  readonly index: number;
  /** Where it failed; `*` stands for all outputs. */
  readonly outputs: readonly string[];
  /** As it arrived. */
  readonly line: string;
  /** The same, parsed; null where it is no JSON. Numbers that a double cannot hold are exact in `line` only. */
  readonly change: unknown;
}

/** What `list` says about it. */
export function summaryOf(dead: DeadLetter): DeadLetterSummary {
  const { message, reason = null, description = null } = dead;
  const table = tableOf(dead);
  return {
    sequenceNumber: message.sequenceNumber,
    messageId: message.messageId,
    session: message.sessionId ?? null,
    enqueuedAt: new Date(message.enqueuedAtMs).toISOString(),
    table: table === undefined ? null : tableName(table),
    reason,
    description,
    outputs: failedOutputs(dead),
    changes: failedChanges(dead),
    replays: replayCount(message),
  };
}

/** What `show` says about it. */
export function documentOf(dead: DeadLetter): DeadLetterDocument {
  const {
    DeadLetterReason: _reason,
    DeadLetterErrorDescription: _description,
    ...properties
  } = withoutFailures(dead.message.properties);
  return {
    ...summaryOf(dead),
    properties,
    reasons: reasonsOf(dead.message.properties['reasons']),
    failed: failedLines(dead).map(({ index, outputs, line }) => ({ index, outputs, ...changeIn(line) })),
  };
}

/** What is no list of ours is shown as it is. */
function reasonsOf(text: unknown): readonly unknown[] {
  if (text === undefined) return [];
  const parsed = typeof text === 'string' ? parsedOr(text, [text]) : [text];
  return Array.isArray(parsed) ? parsed : [parsed];
}

function changeIn(line: Uint8Array): Pick<FailedChangeDocument, 'change' | 'line'> {
  const text = Buffer.from(line).toString('utf8');
  return { line: text, change: parsedOr(text, null) };
}

function parsedOr(text: string, otherwise: unknown): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return otherwise;
  }
}

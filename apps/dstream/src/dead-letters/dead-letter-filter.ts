/** Which dead letters a command is about. Pure. */
import { failedOutputs, tableMatcher, type DeadLetter, type NamedTable } from '@dstream/core';

/** Conditions that must all hold; an empty list always holds. */
export interface DeadLetterFilter {
  /** Sequence numbers. */
  readonly numbers: readonly string[];
  /** Reasons, ignoring case. */
  readonly reasons: readonly string[];
  /** Patterns as in a configuration file: `Persons`, `sales.*`. */
  readonly tables: readonly string[];
  /** Names of outputs that refused changes of it. */
  readonly outputs: readonly string[];
  /** Accepted by the topic at or after this time, ms since 1970. */
  readonly sinceMs?: number;
}

/** A function that tells whether a dead letter meets all conditions. */
export function deadLetterMatcher(filter: DeadLetterFilter): (dead: DeadLetter) => boolean {
  const { numbers, reasons, tables, outputs, sinceMs = 0 } = filter;
  const [wantedNumbers, wantedOutputs] = [new Set(numbers), new Set(outputs)];
  const wantedReasons = new Set(reasons.map((reason) => reason.toLowerCase()));
  const isTable = tableMatcher(tables);
  return (dead) =>
    dead.message.enqueuedAtMs >= sinceMs &&
    (numbers.length === 0 || wantedNumbers.has(dead.message.sequenceNumber)) &&
    (reasons.length === 0 || wantedReasons.has((dead.reason ?? '').toLowerCase())) &&
    (tables.length === 0 || isSome(tableOf(dead), isTable)) &&
    (outputs.length === 0 || failedOutputs(dead).some((output) => wantedOutputs.has(output)));
}

function isSome(table: NamedTable | undefined, holds: (table: NamedTable) => boolean): boolean {
  return table !== undefined && holds(table);
}

/** By the properties that our ingester writes, else by the subject. Undefined where another producer gave neither. */
export function tableOf({ message }: DeadLetter): NamedTable | undefined {
  const { schema, table } = message.properties;
  if (typeof schema === 'string' && typeof table === 'string') return { schema, table };
  const [, subjectSchema, subjectTable] = /^([^.]+)\.(.+)$/s.exec(message.subject ?? '') ?? [];
  if (subjectSchema === undefined || subjectTable === undefined) return undefined;
  return { schema: subjectSchema, table: subjectTable };
}

/** At most `limit` of them, each as `as` makes it, so that no body stays in memory. */
export async function chosen<T>(
  deadLetters: AsyncIterable<DeadLetter>,
  filter: DeadLetterFilter,
  limit: number,
  as: (dead: DeadLetter) => T,
): Promise<{ readonly items: readonly T[]; readonly hasMore: boolean }> {
  const isWanted = deadLetterMatcher(filter);
  const items: T[] = [];
  for await (const dead of deadLetters) {
    if (!isWanted(dead)) continue;
    if (items.length === limit) return { items, hasMore: true };
    items.push(as(dead));
  }
  return { items, hasMore: false };
}

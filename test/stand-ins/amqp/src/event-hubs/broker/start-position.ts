/**
 * Where a consumer begins: the selector expression of its attach, `amqp.annotation.x-opt-offset > '-1'`
 * (eventPosition.ts of @azure/event-hubs 6 and its counterparts in the other client libraries).
 */
import { positionAhead, unknownSelector } from './refusals.ts';
import type { PartitionLog } from './partition-log.ts';

const form = /^\s*amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time)\s*(>=?)\s*'([^']*)'\s*$/;

/** Sequence number of the first event that the consumer gets. Throws a Refusal. */
export function startPosition(expression: string | undefined, log: PartitionLog): number {
  const end = log.last.sequence + 1;
  // Without a filter the service gives what comes from now on.
  if (expression === undefined) return end;
  const [, kind, comparison, value = ''] = form.exec(expression) ?? [];
  const inclusive = comparison === '>=';
  if (kind === 'offset' && value === '@latest') return end;
  const wanted = Number(value);
  if (kind === undefined || !/^-?\d+$/.test(value) || !Number.isSafeInteger(wanted))
    throw unknownSelector(expression);
  if (kind === 'enqueued-time') {
    return log.search(({ enqueuedAtMs }) => (inclusive ? enqueuedAtMs >= wanted : enqueuedAtMs > wanted));
  }
  if (kind === 'offset') return fromOffset(wanted, inclusive, log);
  if (wanted > log.last.sequence) {
    throw positionAhead('sequence number', value, String(log.last.sequence));
  }
  return Math.max(inclusive ? wanted : wanted + 1, log.first);
}

function fromOffset(wanted: number, inclusive: boolean, log: PartitionLog): number {
  if (wanted > log.last.offset) throw positionAhead('offset', String(wanted), String(log.last.offset));
  return log.search(({ offset }) => (inclusive ? offset >= wanted : offset > wanted));
}

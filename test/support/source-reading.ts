/** Reading from a source in tests: a few changes, from the beginning or from a place. */
import {
  decodeChange,
  type ChangeBatch,
  type ChangeEvent,
  type ChangeSource,
  type ResumePoint,
  type TableId,
} from '@dstream/core';

export const changesOf = (batches: readonly ChangeBatch[]): ChangeEvent[] =>
  batches.flatMap(({ changes }) => changes.map(decodeChange));

/** Batches up to and including the one that brings the total to `count` changes. */
export async function take(
  source: ChangeSource,
  table: TableId,
  count: number,
  from?: ResumePoint,
): Promise<ChangeBatch[]> {
  const batches: ChangeBatch[] = [];
  for await (const batch of source.read(table, from, { signal: AbortSignal.timeout(20_000) })) {
    batches.push(batch);
    if (changesOf(batches).length >= count) break;
  }
  return batches;
}

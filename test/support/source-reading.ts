/** Reading from a source in tests: a few changes, from the beginning or from a place. */
import {
  decodeChange,
  type ChangeBatch,
  type ChangeEvent,
  type ChangeSource,
  type PartitionId,
  type ResumePoint,
} from '@dstream/core';

export const changesOf = (batches: readonly ChangeBatch[]): ChangeEvent[] =>
  batches.flatMap(({ changes }) => changes.map(decodeChange));

/** Batches up to and including the one that brings the total to `count` changes. */
export async function take(
  source: ChangeSource,
  partition: PartitionId,
  count: number,
  from?: ResumePoint,
): Promise<ChangeBatch[]> {
  const batches: ChangeBatch[] = [];
  for await (const batch of source.read(partition, from, { signal: AbortSignal.timeout(20_000) })) {
    batches.push(batch);
    if (changesOf(batches).length >= count) break;
  }
  return batches;
}

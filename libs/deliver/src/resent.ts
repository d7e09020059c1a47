/**
 * A dead letter that somebody sends again. Its session has settled what came after it, so its changes are no news and
 * would be dropped as repeats, though some were never delivered: those keep the message in the dead-letter queue.
 */
import { hasIndex, type FailedChange, type IncomingMessage } from '@dstream/core';

/** What we and what the broker add to a dead letter, and tools leave on what they send again. */
const ours = 'failed.';
const brokers = 'DeadLetterReason';

const reason =
  'it was in the dead-letter queue and was sent again: its session has settled what came after it, so it is not delivered';

/**
 * What of a message was not delivered before it was dead-lettered, and would be lost now. None for one that is no dead letter.
 * @param dropped indexes of the changes that are dropped as repeats
 * @param outputs the required ones: none of them is known to have what the broker dead-lettered
 */
export function undelivered(
  { properties }: Pick<IncomingMessage, 'properties'>,
  dropped: readonly number[],
  outputs: readonly string[],
): readonly FailedChange[] {
  if (dropped.length === 0) return [];
  const set = Object.entries(properties).filter(([name]) => name.startsWith(ours));
  if (set.length > 0)
    return set.flatMap(([name, ranges]) =>
      dropped
        .filter((index) => hasIndex(String(ranges), index))
        .map((index) => ({ index, output: name.slice(ours.length), reason })),
    );
  if (properties[brokers] === undefined) return [];
  return outputs.flatMap((output) => dropped.map((index) => ({ index, output, reason })));
}

/** Keys that the output and the transform of type `http` have in common. */
import { optional, sizeInBytes, wholeNumber, withDefault } from '@dstream/config/schema';
import { headerMap } from './header-map.ts';

/**
 * `headers`. Secret.
 * @param reserved names that the caller sets itself, if any
 */
export function headersKey(reserved?: RegExp) {
  return optional(
    headerMap(reserved),
    'none',
    'Headers of every request, as in { Authorization = "Bearer …" }.',
    { secret: true },
  );
}

/** How many changes a request holds. */
export const batchKeys = {
  max_batch_changes: withDefault(
    wholeNumber({ min: 1, max: 10_000 }),
    100,
    'Changes of a request, at most. They are of one session.',
  ),
  max_batch_bytes: withDefault(
    sizeInBytes({ min: 1024, max: 67_108_864 }),
    102_400,
    'Size of a request, at most. A larger change is sent alone.',
  ),
};

import { listOf, wholeNumber } from '@dstream/config/schema';

/** Statuses that speak of a change: it is dead-lettered. */
export const defaultLastingStatuses = [400, 409, 413, 415, 422] as const;

/** The value of a key `lasting_statuses`. */
export const lastingStatuses = listOf(wholeNumber({ min: 400, max: 499 }), {
  what: 'statuses',
  one: 'status',
  example: `[${defaultLastingStatuses.join(', ')}]`,
  key: String,
});

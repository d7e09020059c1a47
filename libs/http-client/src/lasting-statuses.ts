import { faulty, listOf, wholeNumber, type ValueType } from '@dstream/config/schema';

/** Statuses that speak of a change: it is dead-lettered. */
export const defaultLastingStatuses = [400, 409, 413, 415, 422] as const;

/** To dead-letter changes for them would lose an outage's worth: a login that is missing, a receiver that asks to wait. */
const neverOfAChange: ReadonlySet<number> = new Set([401, 407, 408, 425, 429]);

const clientError = wholeNumber({ min: 400, max: 499 });

const status: ValueType<number> = {
  ...clientError,
  read: (given) => {
    const result = clientError.read(given);
    if ('faults' in result || !neverOfAChange.has(result.value)) return result;
    return faulty(`${result.value} says nothing about a change`, 'remove it');
  },
};

/** The value of a key `lasting_statuses`. */
export const lastingStatuses = listOf(status, {
  what: 'statuses',
  one: 'status',
  example: `[${defaultLastingStatuses.join(', ')}]`,
  key: String,
});

import { DStreamError } from '@dstream/core';

/** A header that the REST API promises and the client's types leave open. */
export function required<T>(value: T | undefined, header: string): T {
  if (value === undefined)
    throw new DStreamError('Unexpected', `the storage account's reply has no ${header} header`);
  return value;
}

import type { Configuration } from '@dstream/config';
import { DStreamError } from '@dstream/core';

/** Adds where it stands to an error about the configuration. */
export function located<T>(configuration: Configuration, path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof DStreamError) || error.code !== 'ConfigInvalid') throw error;
    throw new DStreamError('ConfigInvalid', `${configuration.where(path)}: ${error.message}`, {
      cause: error,
    });
  }
}

/** A variable that is not set leaves its value blank where the configuration was loaded for `validate`. */
export function requireSet(configuration: Configuration, path: string, value: string): void {
  if (value.trim() !== '') return;
  const where = `${configuration.where(path)}: `;
  // Loading has noted which variable it is.
  const note = configuration.notes.find((one) => one.startsWith(where));
  const wrong = note ?? `${where}the variable it names is not set`;
  throw new DStreamError('ConfigInvalid', `${wrong}; give it a value in the environment`);
}

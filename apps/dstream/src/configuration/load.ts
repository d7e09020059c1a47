/** How every command reads its configuration file. */
import { loadConfiguration, type Configuration, type Use } from '@dstream/config';
import { types } from './types.ts';

export interface LoadChoices {
  readonly use: Use;
  /** Notes are errors. */
  readonly strict?: boolean;
}

/** Throws ConfigInvalid and NotBuilt with every problem of the file, a line each. */
export function load(file: string, choices: LoadChoices): Promise<Configuration> {
  return loadConfiguration(file, { ...choices, env: process.env, types });
}

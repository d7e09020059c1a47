import type { Configuration } from './configuration.ts';

/** The blocks a command uses: their variables must be set, and what they ask for must be built. */
export type Use = readonly ('ingester' | 'processor')[] | 'validate';

export interface LoadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly use: Use;
}

/**
 * Reads, checks and types a configuration file. Called once, at the start of a command. Throws DStreamError
 * ConfigInvalid whose message lists every problem of the file, each on a line of its own, and NotBuilt when the
 * command asks for something whose time has not come. Neither message holds a secret.
 */
export function loadConfiguration(file: string, options: LoadOptions): Promise<Configuration> {
  return Promise.reject(new Error(`to come: ${file} ${String(options.use)}`));
}

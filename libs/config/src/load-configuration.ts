import type { Configuration } from './blocks/configuration.ts';
import type { AdapterTypes } from './definitions/adapter-types.ts';
import { parseHclApart } from './text/parse-hcl-apart.ts';
import { readConfiguration, type Use } from './read-configuration.ts';
import { nameOfFile, readConfigurationFile } from './text/read-file.ts';
import type { Environment } from './schema/templates.ts';

export interface LoadOptions {
  readonly env: Environment;
  readonly use: Use;
  /** The sources, queues, lease stores and outputs that a file may name. */
  readonly types: AdapterTypes;
  /** Refuses a file with notes: each of them is a problem then. */
  readonly strict?: boolean;
}

/**
 * Reads, checks and types a configuration file, or standard input where it is `-`. Called once, at the start of a command; takes about 0.2 s. Throws
 * DStreamError ConfigInvalid whose message lists every problem of the file, each on a line of its own, and NotBuilt
 * when the command asks for something whose time has not come. Neither message holds a secret.
 */
export async function loadConfiguration(file: string, options: LoadOptions): Promise<Configuration> {
  const text = await readConfigurationFile(file);
  return await readConfiguration(nameOfFile(file), text, options, parseHclApart);
}

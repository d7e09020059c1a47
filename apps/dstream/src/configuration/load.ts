/** How every command reads its configuration file, and `dstream validate`, which does nothing else. */
import { loadConfiguration, type AdapterTypes, type Configuration, type Use } from '@dstream/config';
import { leaseStoreTypes } from '@dstream/leases';
import { envelopeTypes, outputTypes } from '@dstream/outputs';
import { queueTypes } from '@dstream/queues';
import { sourceTypes } from '@dstream/sources';
import { celPredicates, transformTypes } from '@dstream/transforms';
import { print } from '../process/print.ts';

/** Every type that a file may name. They are definitions: the class of a type is loaded when it is opened. */
export const types: AdapterTypes = {
  sources: sourceTypes,
  queues: queueTypes,
  leases: leaseStoreTypes,
  outputs: outputTypes,
  envelopes: envelopeTypes,
  transforms: transformTypes,
  predicates: celPredicates,
};

/** What the command wants of the file. */
export interface LoadChoices {
  /** The blocks that the command uses, or `validate`. */
  readonly use: Use;
  /** Notes are errors. */
  readonly strict?: boolean;
}

/** Throws ConfigInvalid and NotBuilt with every problem of the file, a line each. */
export function load(file: string, choices: LoadChoices): Promise<Configuration> {
  return loadConfiguration(file, { ...choices, env: process.env, types });
}

/** Prints what a person should know about the file to standard output. Throws what is wrong with it: exit code 2. */
export async function validate(file: string, strict: boolean): Promise<void> {
  const configuration = await load(file, { use: 'validate', strict });
  const notes = configuration.notes.map((note) => `${note} (note)`);
  await print([...notes, `${configuration.file}: the configuration is valid`, ''].join('\n'));
}

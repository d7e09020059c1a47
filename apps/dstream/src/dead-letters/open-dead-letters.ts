/** The dead letters that a configuration file leads to. */
import type { Configuration, ProcessorConfig } from '@dstream/config';
import { DStreamError, silentLog, type DeadLetterQueue } from '@dstream/core';
import { systemClock } from '@dstream/async';
import { adapterServices } from '@dstream/runtime/service-context';
import { azureCredentials } from '../sign-in/azure-credential.ts';
import { load } from '../configuration/load.ts';

/** A dead-letter queue with what its processor is configured to do. */
export interface OpenDeadLetters extends AsyncDisposable {
  readonly queue: DeadLetterQueue;
  /** Name of its subscription. */
  readonly subscription: string;
  /** The file, for messages. */
  readonly file: string;
  /** Names of the configured outputs. */
  readonly outputs: ReadonlySet<string>;
}

/**
 * Connects nothing. Needs the variables of `processor.source` only. Throws ConfigInvalid where the file has no processor, or its
 * queue has no dead letters.
 */
export async function openDeadLetters(file: string): Promise<OpenDeadLetters> {
  const configuration = await load(file, { use: 'validate' });
  const { processor } = configuration;
  if (processor === undefined)
    throw refused(configuration, 'dead letters are those of a processor; write a processor block');
  const queue = await openQueue(configuration, processor);
  return {
    queue,
    subscription: processor.source.name.subscription,
    file: configuration.file,
    outputs: new Set(processor.outputs.map(({ name }) => name)),
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  };
}

async function openQueue(
  configuration: Configuration,
  { source }: ProcessorConfig,
): Promise<DeadLetterQueue> {
  const { openDeadLetters: open, type } = source;
  if (open === undefined)
    throw refused(
      configuration,
      `a source of type "${type}" has no dead-letter queue: what fails for good there is logged by its processor`,
    );
  // `validate` reads a name whose variable is not set as blank.
  if (source.name.topic === '')
    throw refused(
      configuration,
      'the topic is taken from ingester.topic, whose variable is not set; set it, or write topic = "…" here',
    );
  const context = { clock: systemClock, credential: azureCredentials(), log: silentLog };
  return await open(adapterServices(context));
}

function refused(configuration: Configuration, text: string): DStreamError {
  const where = configuration.where(configuration.processor?.source.path ?? 'processor');
  return new DStreamError('ConfigInvalid', `${where}: ${text}`);
}

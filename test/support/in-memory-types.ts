/** Types whose adapters are in memory, beside the real ones: from a configuration file to changes, without any server. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@dstream/async';
import { loadConfiguration, type AdapterTypes, type Configuration, type Use } from '@dstream/config';
import { defineLeaseStore, defineOutput, defineQueue, defineSource } from '@dstream/config/schema';
import { silentLog, type InstanceId } from '@dstream/core';
import { InMemoryChangeSource } from '@dstream/memory/change-source';
import { InMemoryDestination } from '@dstream/memory/destination';
import { InMemoryLeases } from '@dstream/memory/leases';
import { InMemoryTopic } from '@dstream/memory/topic';
import { Metrics, type RunningService, type ServiceContext } from '@dstream/runtime';
import { fixedTypes as types } from './fixed-types.ts';

const clock = systemClock;

/** One of each, as `type = "memory"`, for as long as a test lasts. */
export function inMemoryTypes() {
  const source = new InMemoryChangeSource({ clock, name: 'memory', database: 'db' });
  const topic = new InMemoryTopic({ clock });
  const leases = new InMemoryLeases({ instance: 'store' as InstanceId, durationMs: 30_000, clock });
  const destination = new InMemoryDestination();
  const common = { type: 'memory', doc: '', keys: {} } as const;
  const sourceType = defineSource({
    ...common,
    settings: () => ({}),
    what: () => 'memory',
    outline: () => ({ name: 'memory', database: 'db', scope: source.scope, server: 'here', tables: [] }),
    open: () => Promise.resolve(source),
  });
  const queueType = defineQueue({
    type: 'memory',
    topic: { ...common, settings: () => ({}), name: () => 'memory', open: () => Promise.resolve(topic) },
    subscription: {
      ...common,
      settings: () => ({}),
      name: () => ({ topic: 'memory', subscription: 'memory' }),
      open: (_, { maxSessions }) => Promise.resolve(topic.subscription({ maxSessions })),
    },
  });
  const leaseStoreType = defineLeaseStore({
    ...common,
    settings: () => ({}),
    what: () => 'memory',
    open: (_, { instance }) => Promise.resolve(leases.replica(instance)),
  });
  const outputType = defineOutput({
    ...common,
    settings: () => ({}),
    open: () => Promise.resolve(destination.publisher()),
  });
  const all: AdapterTypes = {
    sources: [...types.sources, sourceType],
    queues: [...types.queues, queueType],
    leases: [...types.leases, leaseStoreType],
    outputs: [...types.outputs, outputType],
    envelopes: types.envelopes,
    transforms: types.transforms,
    predicates: types.predicates,
  };
  return { types: all, source, topic, leases, destination };
}

/** A file `dstream.hcl` in `folder`, loaded. */
export async function loadText(
  folder: string,
  text: string,
  options: { readonly types: AdapterTypes; readonly use?: Use; readonly env?: Record<string, string> },
): Promise<Configuration> {
  const file = join(folder, 'dstream.hcl');
  await writeFile(file, text);
  return await loadConfiguration(file, { use: ['ingester'], env: {}, ...options });
}

/** What is said of a file that is refused, without its folder. */
export async function refusalOf(folder: string, loading: Promise<unknown>): Promise<string> {
  try {
    await loading;
  } catch (error) {
    return (error as Error).message.replaceAll(`${folder}/`, '');
  }
  throw new Error('it was loaded');
}

export function contextOf(configuration: Configuration, instance = 'i'): ServiceContext<Configuration> {
  return {
    instance: instance as InstanceId,
    clock,
    log: silentLog,
    metrics: new Metrics(),
    configuration,
    credential: () => {
      throw new Error('nobody signs in here');
    },
    httpAddress: () => undefined,
  };
}

/** Runs until it is disposed, which stops and closes it. */
export function running(service: RunningService): AsyncDisposable {
  const stop = new AbortController();
  const ended = service.run({ draining: stop.signal, aborted: new AbortController().signal });
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error('the test is over'));
      await ended;
      await service[Symbol.asyncDispose]();
    },
  };
}

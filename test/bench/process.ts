/** From a full subscription to a destination: the real processor against a loop over the SDK. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StandInsEnv } from '@dstream/stand-ins';
import { alternate, type Run } from './alternate.ts';
import type { BareDestination } from './bare/destinations.ts';
import { figure, type Figure } from './figure.ts';
import { startHttpSink } from './http-sink.ts';
import { fullSubscriptions, runLoop, runProcessor, sink, sinkOutput } from './processor-run.ts';
import { changes } from './sample.ts';

/** Every run empties a subscription of its own: all were filled by one send. */
const ours = ['ours1', 'ours2', 'ours3'];
const bare = ['bare1', 'bare2', 'bare3'];

/** One place to bring changes to, as each side is told of it. */
interface Destination {
  /** What stands between the braces of `output`. */
  readonly output: (round: number) => string;
  readonly bare: (round: number, env: StandInsEnv) => BareDestination;
}

export function processConsole(): Promise<readonly Figure[]> {
  const destination: Destination = { output: () => 'type = "console"', bare: () => ({ type: 'console' }) };
  return processTo('process-console', destination);
}

/** To a topic without subscriptions, one change a message. */
export function processServiceBus(): Promise<readonly Figure[]> {
  const destination: Destination = {
    output: () => sinkOutput,
    bare: (_round, env) => ({
      type: 'service-bus',
      connectionString: env.DSTREAM_PUBLISHER_CONNECTION_STRING,
      topic: sink,
    }),
  };
  return processTo('process-service-bus', destination);
}

/** Every run to a hub of its own, which keeps what it gets: the order of each row by the partition of its key. */
export function processEventHubs(): Promise<readonly Figure[]> {
  const destination: Destination = {
    output: (round) => `
      type              = "azure_event_hubs"
      connection_string = "{{ env \\"DSTREAM_EVENT_HUBS_CONNECTION_STRING\\" }}"
      name              = "ours${round}"`,
    bare: (round, env) => ({
      type: 'event-hubs',
      connectionString: env.DSTREAM_EVENT_HUBS_CONNECTION_STRING,
      hub: `bare${round}`,
    }),
  };
  return processTo('process-event-hubs', destination);
}

/** Every run to a file of its own, in the folder for temporary files: see there which disk that is. */
export async function processFile(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dstream-bench-'));
  try {
    return await processTo('process-file', {
      output: (round) => `
        type = "file"
        path = "${join(folder, `ours${round}.jsonl`)}"`,
      bare: (round) => ({ type: 'file', path: join(folder, `bare${round}.jsonl`) }),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** To a web service that forgets what it gets. */
export async function processHttp(): Promise<readonly Figure[]> {
  await using service = await startHttpSink();
  return await processTo('process-http', {
    output: () => `
      type = "http"
      url  = "${service.url}"`,
    bare: () => ({ type: 'http', url: service.url }),
  });
}

async function processTo(name: string, destination: Destination): Promise<readonly Figure[]> {
  const full = await fullSubscriptions([...ours, ...bare]);
  await using standIns = full.standIns;
  const medians = await alternate({
    ours: (round) => runProcessor(full, ours[round - 1] ?? '', destination.output(round)),
    bare: (round) => runLoop(full, bare[round - 1] ?? '', destination.bare(round, standIns.env)),
  });
  return [
    figure(`${name}, 1 KB changes of 4 tables`, rate(medians.ours), 'changes/s', rate(medians.bare)),
    figure(`${name}, CPU for 100,000 changes`, cpu(medians.ours), 's', cpu(medians.bare)),
  ];
}

function rate({ seconds }: Run): number {
  return changes / seconds;
}

function cpu({ cpuSeconds }: Run): number {
  return (cpuSeconds / changes) * 100_000;
}

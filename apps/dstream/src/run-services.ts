/**
 * The life of one process: configuration → log → services and their HTTP endpoint → run until a signal → exit code. The
 * first service that fails stops the others cleanly.
 */
import { redactor, type Configuration } from '@dstream/config';
import { asDStreamError, type Log } from '@dstream/core';
import {
  logActivity,
  Metrics,
  standardErrorLog,
  startHttp,
  Stop,
  stopOnSignals,
  type HttpEndpoint,
  type RunningService,
} from '@dstream/runtime';
import { onAbort, pause, systemClock } from '@dstream/async';
import { azureCredentials } from './sign-in/azure-credential.ts';
import { load } from './configuration/load.ts';
import { announcedAddress, instanceName, version } from './process/environment.ts';
import { endProcess, exitCodeOf, onCrash } from './process/exit.ts';
import { logFor, type LogOptions } from './process/log.ts';
import { onParentGone } from './process/parent.ts';
import { probes } from './process/probes.ts';

/** What a command runs; `server` runs both. */
export type ServiceName = 'ingester' | 'processor';

/** The options of `ingester`, `processor` and `server`. */
export interface RunOptions extends LogOptions {
  readonly config: string;
  readonly instance?: string;
}

type ExitCode = 0 | 1 | 2;

/** One set per process. Nothing is loaded or asked until a connection without a connection string needs a token. */
const credential = azureCredentials();

/** How long an aborted process may still take to close its connections. */
const lastWordsMs = 1_000;

/**
 * Resolves with the exit code: 0 after a clean stop, 1 when a service failed or was aborted, 2 when it failed
 * because of its configuration. Throws for what is wrong before anything runs.
 */
export async function runServices(names: readonly ServiceName[], options: RunOptions): Promise<number> {
  const configuration = await load(options.config, { use: names });
  const log = logFor(configuration, options);
  for (const note of configuration.notes) log.warn(note);
  using stop = new Stop(systemClock, configuration.service.shutdownTimeoutMs);
  using _signals = stopOnSignals(stop, log);
  using _parent = onParentGone(() => {
    log.warn('parent process is gone; draining');
    stop.drain('its parent process is gone');
  });
  using crashes = drainOnCrash(stop, log);
  const exitCode = await runAll(names, configuration, options, stop, log);
  if (exitCode === 0 && crashes.seen === 0) log.info('stopped');
  await Promise.race([standardErrorLog().idle, pause(systemClock, lastWordsMs)]);
  return Math.max(exitCode, Math.min(crashes.seen, 1));
}

/** The limit of crashes that are logged: logging itself may cause one. */
const mostCrashes = 100;

/** An uncaught error does not concern what is in flight: that is finished and saved, then the process ends with 1. */
function drainOnCrash(stop: Stop, log: Log): Disposable & { readonly seen: number } {
  let seen = 0;
  const crashes = onCrash((error) => {
    seen += 1;
    if (seen <= mostCrashes) log.error('unexpected error; stopping', { error: asDStreamError(error) });
    stop.drain('an unexpected error');
  });
  return {
    get seen() {
      return seen;
    },
    [Symbol.dispose]: () => crashes[Symbol.dispose](),
  };
}

/** Resolves with the exit code; what failed is logged. */
async function runAll(
  names: readonly ServiceName[],
  configuration: Configuration,
  options: RunOptions,
  stop: Stop,
  log: Log,
): Promise<ExitCode> {
  const metrics = new Metrics();
  metrics.collectProcess();
  metrics.buildInfo(version());
  const connections = new AsyncDisposableStack();
  let address: string | undefined;
  const base = { configuration, options, metrics, log, httpAddress: () => address };
  try {
    const services: RunningService[] = [];
    const isBlocked = () => services.some((service) => service.isBlocked());
    onAbort(stop.aborted, () => setTimeout(() => endProcess(1, isBlocked), lastWordsMs).unref());
    for (const name of names) services.push(connections.use(await compose(name, base)));
    address = await serve(services, base, stop, connections);
    const codes = await Promise.all(services.map((service) => runOne(service, stop, log)));
    const worst = Math.max(...codes) as ExitCode;
    return stop.aborted.aborted && worst === 0 ? 1 : worst;
  } finally {
    await closeAll(connections, log);
  }
}

/** Everything sent, settled and saved is safe by now: a connection that does not close is no failure. */
async function closeAll(connections: AsyncDisposableStack, log: Log): Promise<void> {
  try {
    await connections.disposeAsync();
  } catch (error) {
    log.warn('could not close all connections', { error: asDStreamError(error) });
  }
}

/** Resolves with the address at which other machines reach it; undefined when nothing is served. */
async function serve(
  services: readonly RunningService[],
  { configuration, metrics, log }: Base,
  stop: Stop,
  connections: AsyncDisposableStack,
): Promise<string | undefined> {
  const { service } = configuration;
  if (service.http === undefined) return undefined;
  const options = {
    ...service.http,
    configured: service.httpConfigured,
    access: service,
    metrics,
    ...probes(services, stop),
    redact: redactor(configuration),
    status: () => Object.fromEntries(services.map((one) => [one.name, one.status()])),
  };
  const endpoint = connections.use(await startHttp(options));
  logEndpoint(endpoint, configuration, log);
  return announcedAddress(endpoint.address);
}

function logEndpoint(endpoint: HttpEndpoint, configuration: Configuration, log: Log): void {
  const { address: http, replaced, onlyPaths } = endpoint;
  if (replaced) log.warn('default port is in use; using another one', { http });
  else log.info('listening', { http });
  if (onlyPaths === undefined) return;
  const where = configuration.where('service.token');
  log.warn(`${where}: not set, and the address is not loopback; serving only some paths`, {
    http,
    served: onlyPaths.join(' '),
  });
}

interface Base {
  readonly configuration: Configuration;
  readonly options: RunOptions;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly httpAddress: () => string | undefined;
}

/** Imports only the engine of the service that runs. */
async function compose(name: ServiceName, { options, log, ...base }: Base): Promise<RunningService> {
  const context = {
    ...base,
    instance: instanceName(options.instance, process.env),
    clock: systemClock,
    log: log.child({ service: name }),
    credential,
  };
  if (name === 'processor') return (await import('@dstream/processor')).composeProcessor(context);
  return (await import('@dstream/ingester')).composeIngester(context);
}

async function runOne(service: RunningService, stop: Stop, log: Log): Promise<ExitCode> {
  const ended = new AbortController();
  const activity = { clock: systemClock, log: log.child({ service: service.name }) };
  const telling = logActivity({ ...activity, activity: () => service.activity() }, ended.signal);
  try {
    await service.run(stop);
    return 0;
  } catch (error) {
    if (!stop.aborted.aborted) log.error(`${service.name} failed`, { error: asDStreamError(error) });
    stop.drain(`${service.name} failed`);
    return exitCodeOf(error);
  } finally {
    ended.abort();
    await telling;
  }
}

/** Reads the settings of entities over HTTPS, which needs the right Manage: for `dstream check`, where a login has it. */
import { ServiceBusAdministrationClient } from '@azure/service-bus';
import { withTimeout } from '@dstream/async';
import { DStreamError, type CallOptions, type Clock } from '@dstream/core';
import { isEmulator } from './check-broker.ts';
import type { ServiceBusAddress } from './connections.ts';

/** Why settings are not known, as it reads after "cannot be read: ". */
export interface Unreadable {
  readonly why: string;
}

/** Longest time of all requests, milliseconds. */
const limitMs = 10_000;

/** Never more than a warning: no service needs what is read here. Rejects with `signal.reason` on abort. */
export async function readSettings<T>(
  address: ServiceBusAddress,
  clock: Clock,
  { signal }: CallOptions,
  read: (client: ServiceBusAdministrationClient, o: { readonly abortSignal: AbortSignal }) => Promise<T>,
): Promise<T | Unreadable> {
  const late = () => new DStreamError('TimedOut', `no answer within ${limitMs / 1_000} s`);
  const limit = { clock, atMs: clock.monotonicMs() + limitMs, late, signal };
  try {
    const client = clientOf(address);
    return await withTimeout(limit, (abortSignal) => read(client, { abortSignal }));
  } catch (error) {
    signal.throwIfAborted();
    return { why: reasonOf(error) };
  }
}

/** The text of an error may quote the request, whose header is a secret: only status and code are kept. */
function reasonOf(error: unknown): string {
  const { statusCode, code } = error as { readonly statusCode?: unknown; readonly code?: unknown };
  if (statusCode === 401 || statusCode === 403)
    return 'this login has no right to Manage, which it does not need otherwise';
  if (error instanceof DStreamError) return error.message;
  const known = typeof code === 'string' || typeof code === 'number' ? code : 'unknown error';
  return `no usable answer over HTTPS (${known})`;
}

function clientOf(address: ServiceBusAddress): ServiceBusAdministrationClient {
  const options = { retryOptions: { maxRetries: 0 } };
  if (!('connectionString' in address))
    return new ServiceBusAdministrationClient(address.namespace, address.credential, options);
  const client = new ServiceBusAdministrationClient(address.connectionString, options);
  if (isEmulator(address.connectionString)) speakHttp(client);
  return client;
}

/** The client knows https only; the emulator serves HTTP on port 5300 ("Test locally by using the Service Bus emulator"). */
function speakHttp(client: ServiceBusAdministrationClient): void {
  client.pipeline.addPolicy({
    name: 'emulator',
    sendRequest(request, next) {
      const url = new URL(request.url);
      url.protocol = 'http:';
      if (url.port === '' || url.port === '5672') url.port = '5300';
      request.url = url.href;
      request.allowInsecureConnection = true;
      return next(request);
    },
  });
}

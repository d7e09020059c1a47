/**
 * One URL. Of an ordering key one request is under way, and the next follows when it was answered; keys go side by side. Every
 * request is tried once. One with several changes that is refused for good is halved until the change is found that is refused.
 */
import { asDStreamError, DStreamError, type CallOptions, type Clock, type Hash } from '@dstream/core';
import type { HttpEndpoint } from '@dstream/http-client';
import { notAccepted, type Destination, type Entry, type NotAccepted } from '../destinations/destination.ts';
import { batchesOf, requestBodyOf, type Batch, type BatchLimits } from './request-body.ts';
import { webhookHeaders } from './signature.ts';

/** What all URLs of an output share. */
export interface HttpDestinationOptions {
  readonly clock: Clock;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  /** Of every request; they win over those of the output. Secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** Secret. The first is the current one. */
  readonly secrets: readonly string[];
  readonly limits: BatchLimits;
  readonly hash: Hash;
}

/** The destination of an output of type `http`. */
export class HttpDestination implements Destination {
  readonly #endpoint: Pick<HttpEndpoint, 'ask' | 'reach'>;
  readonly #options: HttpDestinationOptions;

  constructor(endpoint: Pick<HttpEndpoint, 'ask' | 'reach'>, options: HttpDestinationOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
  }

  /** Any answer to `OPTIONS` will do: that a change is taken is only known of a change. */
  async connect({ signal }: CallOptions): Promise<void> {
    await this.#endpoint.reach(this.#options.headers, signal);
  }

  async send(entries: readonly Entry[], { signal }: CallOptions): Promise<readonly NotAccepted[]> {
    const byKey = Map.groupBy(entries, ({ routed }) => routed.orderingKey);
    return (await Promise.all([...byKey.values()].map((own) => this.#sendInOrder(own, signal)))).flat();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #sendInOrder(entries: readonly Entry[], signal: AbortSignal): Promise<readonly NotAccepted[]> {
    const waiting = batchesOf(entries, this.#options.limits);
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
      const error = await this.#post(batch, signal).then(() => undefined, asDStreamError);
      if (error === undefined) continue;
      const halves = error.disposition === 'dead-letter' ? halvesOf(batch) : [];
      if (halves.length === 0) return notAccepted([...batch, ...waiting.flat()], about(batch, error));
      waiting.unshift(...halves);
    }
    return [];
  }

  async #post(batch: Batch, signal: AbortSignal): Promise<void> {
    const { clock, hash, headers, limits, method, secrets } = this.#options;
    const body = requestBodyOf(batch, limits.form);
    const id = hash(batch.map(({ routed }) => routed.event.metadata.id).join('\n')).slice(0, 32);
    const timestamp = Math.floor(clock.wallMs() / 1_000);
    const signed = webhookHeaders({ id, timestamp }, body.bytes, secrets);
    await this.#endpoint.ask(
      { method, headers: { ...body.headers, ...headers, ...signed }, body: body.bytes },
      signal,
    );
  }
}

function halvesOf(batch: Batch): Batch[] {
  const middle = Math.ceil(batch.length / 2);
  const [first, second] = [batch.slice(0, middle), batch.slice(middle)];
  return isBatch(first) && isBatch(second) ? [first, second] : [];
}

function isBatch(entries: readonly Entry[]): entries is Batch {
  return entries.length > 0;
}

/** The error about one change names it. */
function about([{ routed }]: Batch, error: DStreamError): DStreamError {
  if (error.disposition !== 'dead-letter') return error;
  return new DStreamError(error.code, `change ${routed.event.metadata.id}: ${error.message}`, {
    cause: error,
  });
}

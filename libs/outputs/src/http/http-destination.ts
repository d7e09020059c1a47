/**
 * One URL. Of an ordering key one request is under way, and the next follows when it was answered; keys go side by side. Every
 * request is tried once. One with several changes that is refused for good is halved until the change is found that is refused.
 */
import { SharedTimeout } from '@dstream/async';
import { asDStreamError, DStreamError, type CallOptions, type Clock, type Hash } from '@dstream/core';
import { notAccepted, type Destination, type Entry, type NotAccepted } from '../destinations/destination.ts';
import { errorOfAnswer, retryAfterMs, type AnswerRules } from './answer.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts';
import { batchesOf, requestBodyOf, type Batch, type BatchLimits } from './request-body.ts';
import { webhookHeaders } from './signature.ts';

/** What all URLs of an output share. */
export interface HttpDestinationOptions extends AnswerRules {
  readonly client: Pick<HttpClient, 'send'>;
  /** A URL as errors name it. */
  readonly shown: (url: string) => string;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  /** Of every request; they win over those of the output. Secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** Secret. The first is the current one. */
  readonly secrets: readonly string[];
  readonly limits: BatchLimits;
  readonly timeout: SharedTimeout;
  readonly clock: Clock;
  readonly hash: Hash;
}

/** Redirects of one request that are followed, at most. */
const maxRedirects = 3;

/** The destination of an output of type `http`. */
export class HttpDestination implements Destination {
  readonly #to: Pick<HttpRequest, 'url' | 'shown'>;
  readonly #options: HttpDestinationOptions;
  /** Monotonic: the receiver asked for no request before. */
  #notBeforeMs = -Infinity;

  constructor(url: string, options: HttpDestinationOptions) {
    this.#to = { url, shown: options.shown(url) };
    this.#options = options;
  }

  /** Any answer to `OPTIONS` will do: that a change is taken is only known of a change. */
  async connect({ signal }: CallOptions): Promise<void> {
    await this.#send({ ...this.#to, method: 'OPTIONS', headers: this.#options.headers }, signal);
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
      const error = await this.#post(batch, signal).catch(asDStreamError);
      if (error === undefined) continue;
      const halves = error.disposition === 'dead-letter' ? halvesOf(batch) : [];
      if (halves.length === 0) return notAccepted([...batch, ...waiting.flat()], about(batch, error));
      waiting.unshift(...halves);
    }
    return [];
  }

  /** Resolves with why the changes were not taken. */
  async #post(batch: Batch, signal: AbortSignal): Promise<DStreamError | undefined> {
    this.#assertMayAsk();
    const { clock, hash, headers, limits, method, secrets } = this.#options;
    const body = requestBodyOf(batch, limits.form);
    const id = hash(batch.map(({ routed }) => routed.event.metadata.id).join('\n')).slice(0, 32);
    const timestamp = Math.floor(clock.wallMs() / 1_000);
    const signed = webhookHeaders({ id, timestamp }, body.bytes, secrets);
    const answer = await this.#follow(
      { ...this.#to, method, headers: { ...body.headers, ...headers, ...signed }, body: body.bytes },
      signal,
    );
    const waitMs = retryAfterMs(answer, clock.wallMs());
    if (waitMs > 0) this.#notBeforeMs = clock.monotonicMs() + waitMs;
    return errorOfAnswer(answer, this.#to, this.#options);
  }

  /** Without a request, so that the caller's waits go on and an abort is heard. */
  #assertMayAsk(): void {
    const waitMs = this.#notBeforeMs - this.#options.clock.monotonicMs();
    if (waitMs <= 0) return;
    const seconds = Math.ceil(waitMs / 1_000);
    throw new DStreamError('Throttled', `${this.#to.shown} asked for no request for another ${seconds} s`);
  }

  /** Follows 307 and 308 on the same host, which keep method and body; headers and signature go nowhere else. */
  async #follow(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    let url = request.url;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.#send({ ...request, url }, signal);
      const target = redirects < maxRedirects ? redirectOf(answer, url) : undefined;
      if (target === undefined) return answer;
      url = target;
    }
  }

  #send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { client, timeout } = this.#options;
    const late = () => new DStreamError('TimedOut', `no answer from ${request.shown} in time`);
    const stop = new AbortController();
    return timeout
      .run(signal, late, () => client.send(request, stop.signal))
      .catch((error: unknown) => {
        stop.abort(error);
        throw error;
      });
  }
}

function redirectOf({ status, headers }: HttpAnswer, url: string): string | undefined {
  const location = headers['location'];
  if ((status !== 307 && status !== 308) || typeof location !== 'string') return undefined;
  const target = URL.parse(location, url);
  return target !== null && target.origin === new URL(url).origin ? target.href : undefined;
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

/** One URL, as the configuration names it: limits of time, redirects, `Retry-After`, and what a status means. */
import type { SharedTimeout } from '@dstream/async';
import { DStreamError, type Clock } from '@dstream/core';
import { errorOfAnswer, retryAfterMs, type AnswerRules } from './answer.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts';

/** What several endpoints may share. */
export interface HttpEndpointOptions extends AnswerRules {
  readonly client: Pick<HttpClient, 'send'>;
  readonly timeout: SharedTimeout;
  readonly clock: Clock;
}

/** Redirects of one request that are followed, at most. */
const maxRedirects = 3;

/** Safe for concurrent calls. Every request is tried once. */
export class HttpEndpoint {
  /** The URL as errors name it. */
  readonly shown: string;
  readonly #url: string;
  readonly #options: HttpEndpointOptions;
  /** The service asked for no request before: monotonic, and as errors name it. */
  #notBefore = { ms: -Infinity, shown: '' };

  constructor({ url, shown }: Pick<HttpRequest, 'url' | 'shown'>, options: HttpEndpointOptions) {
    this.#url = url;
    this.shown = shown;
    this.#options = options;
  }

  /**
   * Resolves with an answer of 2xx. Rejects with what another one means (`errorOfAnswer`), with Throttled while the service asked for
   * no request, and as `HttpClient.send`.
   */
  async ask(request: Omit<HttpRequest, 'url' | 'shown'>, signal: AbortSignal): Promise<HttpAnswer> {
    this.#assertMayAsk();
    const { clock } = this.#options;
    const answer = await this.#follow({ ...request, url: this.#url, shown: this.shown }, signal);
    const waitMs = retryAfterMs(answer, clock.wallMs());
    if (waitMs > 0) {
      const shown = new Date(clock.wallMs() + waitMs).toISOString();
      this.#notBefore = { ms: clock.monotonicMs() + waitMs, shown };
    }
    const error = errorOfAnswer(answer, { url: this.#url, shown: this.shown }, this.#options);
    if (error !== undefined) throw error;
    return answer;
  }

  /** Resolves with its answer to `OPTIONS`, of any status. */
  async reach(headers: HttpRequest['headers'], signal: AbortSignal): Promise<HttpAnswer> {
    return await this.#send({ url: this.#url, shown: this.shown, method: 'OPTIONS', headers }, signal);
  }

  /**
   * Without a request, so that the caller's waits go on and an abort is heard. The text is the same until then: logs show an
   * error again when it changes.
   */
  #assertMayAsk(): void {
    const { ms, shown } = this.#notBefore;
    if (this.#options.clock.monotonicMs() >= ms) return;
    throw new DStreamError('Throttled', `${this.shown} asked for no request before ${shown}`);
  }

  /** Follows 307 and 308 on the same host, which keep method and body; headers go nowhere else. */
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

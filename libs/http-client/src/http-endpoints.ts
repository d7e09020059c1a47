/** The URLs of one output or transform: they share connections, the limit of time, and how answers are judged. */
import { SharedTimeout } from '@dstream/async';
import type { Clock } from '@dstream/core';
import type { AnswerRules } from './answer.ts';
import { HttpClient, type HttpRequest } from './http-client.ts';
import { HttpEndpoint } from './http-endpoint.ts';

/** What its endpoints share. */
export interface HttpEndpointsOptions extends AnswerRules {
  readonly clock: Clock;
  /** Longest time of one request, milliseconds. */
  readonly timeoutMs: number;
}

/** Makes endpoints. Connects nothing. */
export class HttpEndpoints implements AsyncDisposable {
  readonly #options: HttpEndpointsOptions;
  readonly #client = new HttpClient();
  readonly #timeout: SharedTimeout;

  constructor(options: HttpEndpointsOptions) {
    this.#options = options;
    this.#timeout = new SharedTimeout(options.clock, options.timeoutMs);
  }

  /** One URL. It works until this is disposed. */
  open(url: Pick<HttpRequest, 'url' | 'shown'>): HttpEndpoint {
    return new HttpEndpoint(url, { ...this.#options, client: this.#client, timeout: this.#timeout });
  }

  /** Ends requests under way. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#timeout.dispose();
    await this.#client[Symbol.asyncDispose]();
  }
}

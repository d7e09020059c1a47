/**
 * What happened on the wire while one token was asked for. The errors of `@azure/identity` do not tell an identity
 * that is missing from a token service that is out of reach (both are CredentialUnavailableError, or an
 * AuthenticationError 400), so the requests are watched: a policy in the pipeline of its clients.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface TokenRequest {
  readonly host: string;
  /** Of the reply; undefined when nothing came back. */
  readonly status: number | undefined;
}

interface Request {
  readonly url: string;
}

interface Reply {
  readonly status: number;
}

/** A `PipelinePolicy` of the Azure clients, as far as it is one here. */
export interface WatchingPolicy {
  readonly name: string;
  sendRequest<Q extends Request, R extends Reply>(request: Q, next: (request: Q) => Promise<R>): Promise<R>;
}

export class SignInAttempts {
  readonly #current = new AsyncLocalStorage<TokenRequest[]>();

  /** Goes into `additionalPolicies` at `perCall`, where the client's own retries are one request. */
  readonly policy: WatchingPolicy = {
    name: 'dstreamSignInAttempts',
    sendRequest: async (request, next) => {
      const host = hostOf(request.url);
      try {
        const reply = await next(request);
        this.#current.getStore()?.push({ host, status: reply.status });
        return reply;
      } catch (error) {
        this.#current.getStore()?.push({ host, status: undefined });
        throw error;
      }
    },
  };

  /** Runs `attempt` and, when it fails, hands its error and its requests to `explain` and throws the answer. */
  async watch<T>(
    attempt: () => Promise<T>,
    explain: (error: unknown, requests: readonly TokenRequest[]) => Error,
  ): Promise<T> {
    const requests: TokenRequest[] = [];
    try {
      return await this.#current.run(requests, attempt);
    } catch (error) {
      throw explain(error, requests);
    }
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

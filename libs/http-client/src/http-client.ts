/** Requests over connections that are kept open, through a proxy where the environment names one. The only file that knows `undici`. */
import { DStreamError, proxyVariable, type ErrorCode } from '@dstream/core';
import { Agent, EnvHttpProxyAgent, request, type Dispatcher } from 'undici';

/** One request. */
export interface HttpRequest {
  readonly url: string;
  /** The URL as errors name it. */
  readonly shown: string;
  readonly method: 'OPTIONS' | 'POST' | 'PUT' | 'PATCH';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Of an answer so much is read, and the connection of a longer one closed. */
  readonly maxAnswerBytes?: number;
}

/** The answer to a request, of any status. */
export interface HttpAnswer {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As it arrived: no compression is asked for. */
  readonly body: Uint8Array;
  /** False: it is longer than `maxAnswerBytes`, and the rest was not read. */
  readonly isWhole: boolean;
}

/** `maxAnswerBytes` of a request that does not say: errors show a part of it. */
const usualAnswerBytes = 65_536;

/** Connections to one host, at most. */
const maxConnections = 64;

/** Sends requests, each once. Safe for concurrent calls. */
export class HttpClient implements AsyncDisposable {
  readonly #dispatcher: Dispatcher;
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#env = env;
    this.#dispatcher = dispatcherOf(env);
  }

  /**
   * Resolves when the whole answer has arrived, or as much of it as is wanted. Rejects with Unreachable, TimedOut, ConfigInvalid
   * (a certificate that is not trusted) or `signal.reason`. Redirects are answers.
   */
  async send(
    { url, shown, maxAnswerBytes = usualAnswerBytes, ...options }: HttpRequest,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    try {
      const answer = await request(url, { ...options, dispatcher: this.#dispatcher, signal });
      const { statusCode: status, headers } = answer;
      return { status, headers, ...(await beginningOf(answer.body, maxAnswerBytes)) };
    } catch (error) {
      signal.throwIfAborted();
      throw translateHttpError(error, shown, this.#env);
    }
  }

  /** Ends requests under way. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.destroy();
  }
}

function dispatcherOf(env: NodeJS.ProcessEnv): Dispatcher {
  // The caller limits the time of a request.
  const options = { connections: maxConnections, headersTimeout: 0, bodyTimeout: 0 };
  if (proxyVariable(env) === undefined) return new Agent(options);
  const all = env['ALL_PROXY'] ?? env['all_proxy'];
  const plain = env['HTTP_PROXY'] ?? env['http_proxy'] ?? all;
  const secure = env['HTTPS_PROXY'] ?? env['https_proxy'] ?? all ?? plain;
  return new EnvHttpProxyAgent({
    ...options,
    ...(plain !== undefined && { httpProxy: plain }),
    ...(secure !== undefined && { httpsProxy: secure }),
    noProxy: env['NO_PROXY'] ?? env['no_proxy'] ?? '',
  });
}

async function beginningOf(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<Pick<HttpAnswer, 'body' | 'isWhole'>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    chunks.push(bytes > maxBytes ? chunk.subarray(0, chunk.length - (bytes - maxBytes)) : chunk);
    if (bytes > maxBytes) break;
  }
  return { body: Buffer.concat(chunks), isWhole: bytes <= maxBytes };
}

/** Errors of TLS that speak of the certificate ("X509 certificate error codes", Node.js, TLS). */
const certificateError =
  /^(?:CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|HOSTNAME_MISMATCH$)/;

const timeoutCode = /TIMEDOUT$|TIMEOUT$/;

/** The one place where an error of a connection becomes ours: by its code, never by the text of its message. */
function translateHttpError(error: unknown, shown: string, env: NodeJS.ProcessEnv): DStreamError {
  const code = codeOf(error);
  const ours = errorCodeOf(code);
  const variable = ours === 'ConfigInvalid' ? undefined : proxyVariable(env);
  const through = variable === undefined ? '' : `, through the proxy of ${variable}`;
  return new DStreamError(ours, `could not reach ${shown}${through}: ${meaningOf(ours, code)}`, {
    cause: error,
  });
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name);
}

function errorCodeOf(code: string): ErrorCode {
  if (certificateError.test(code)) return 'ConfigInvalid';
  if (code === 'UND_ERR_INVALID_ARG') return 'Unexpected';
  return timeoutCode.test(code) ? 'TimedOut' : 'Unreachable';
}

function meaningOf(ours: ErrorCode, code: string): string {
  if (ours === 'ConfigInvalid')
    return `its certificate is not trusted (${code}); correct it, or name the file of its authority in NODE_EXTRA_CA_CERTS`;
  if (/^(?:HPE_|HTTPParserError$)/.test(code)) return `it does not answer as an HTTP server does (${code})`;
  return code;
}

/** The checks of a URL that requests are sent to. They ask by `OPTIONS`, as an output does at its start: nothing is delivered. */
import { STATUS_CODES } from 'node:http';
import { asDStreamError, type CallOptions, type CheckResult, type Checks, type Clock } from '@dstream/core';
import { checkReach } from '@dstream/runtime/reach';
import type { HttpAnswer, HttpRequest } from './http-client.ts';
import { HttpEndpoints } from './http-endpoints.ts';

/** What is asked. */
export interface CheckedEndpoint {
  /** Secret. */
  readonly url: string;
  /** The URL as results name it. */
  readonly shown: string;
  /** Of every request. Secret. */
  readonly headers: HttpRequest['headers'];
  /** Requests are signed, with the time in the signature. */
  readonly signed: boolean;
  readonly clock: Clock;
  /** Longest time of the request, milliseconds. */
  readonly timeoutMs: number;
}

/** Yields `network.…`, `http.encryption`, `http.answer` and `http.clock`. */
export async function* checkEndpoint(endpoint: CheckedEndpoint, o: CallOptions): Checks {
  const { hostname: host, port, protocol } = new URL(endpoint.url);
  const tls = protocol === 'https:';
  const target = { host, port: Number(port) || (tls ? 443 : 80), tls, usesProxy: true };
  if (!(yield* checkReach(target, o))) return;
  const unencrypted = judgeEncryption(endpoint);
  if (unencrypted !== undefined) yield unencrypted;
  const answer = await askOptions(endpoint, o);
  if ('outcome' in answer) {
    yield answer;
    return;
  }
  yield judgeAnswer(endpoint.shown, answer.status);
  if (endpoint.signed) yield* judgeClock(endpoint, answer);
}

async function askOptions(
  { url, shown, headers, clock, timeoutMs }: CheckedEndpoint,
  { signal }: CallOptions,
): Promise<HttpAnswer | CheckResult> {
  await using endpoints = new HttpEndpoints({
    clock,
    timeoutMs,
    lastingStatuses: new Set(),
    hide: (text) => text,
  });
  try {
    return await endpoints.open({ url, shown }).reach(headers, signal);
  } catch (error) {
    signal.throwIfAborted();
    const text = 'check that this is the address of the receiver, and that it runs';
    const { message } = asDStreamError(error);
    const check = 'http.answer';
    return { outcome: 'failed', check, subject: shown, message, remedy: { kind: 'advice', text } };
  }
}

/** What may be wrong with a change, too, by status. Others say nothing of it: many receivers know no `OPTIONS`. */
const advice: Readonly<Record<number, string>> = {
  401: 'check headers, if requests with changes need them, too: a receiver may ask only OPTIONS for them',
  403: 'check headers and the rights of who signs in, if requests with changes need them, too',
  404: 'check url; nothing to do if the receiver knows the path only of other methods',
  407: 'write user and password of the proxy into its variable',
  410: 'check url: the receiver says that it is gone',
  429: 'the receiver limits the rate: check its quota',
};

/** Pure. Only a request with a change can show that one is taken, so no status is a failure. */
export function judgeAnswer(shown: string, status: number): CheckResult {
  const check = 'http.answer';
  const message = `${shown} answers ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
  const text = advice[status] ?? adviceForRange(status);
  if (text === undefined) return { outcome: 'passed', check, subject: shown, message };
  return { outcome: 'warned', check, subject: shown, message, remedy: { kind: 'advice', text } };
}

function adviceForRange(status: number): string | undefined {
  // 501: the method is not implemented, which says nothing of others.
  if (status >= 500 && status !== 501) return 'see the log of the receiver: the error is its own';
  return status >= 300 && status < 400
    ? 'write the URL that it leads to: redirects to another host are not followed'
    : undefined;
}

/** Pure. Undefined where it is encrypted, stays on this machine, or carries no header of ours. */
export function judgeEncryption({
  url,
  shown,
  headers,
}: Pick<CheckedEndpoint, 'url' | 'shown' | 'headers'>): CheckResult | undefined {
  const { hostname, protocol } = new URL(url);
  if (protocol === 'https:' || isLoopback(hostname) || Object.keys(headers).length === 0) return undefined;
  return {
    outcome: 'warned',
    check: 'http.encryption',
    subject: shown,
    message: `${shown} is not encrypted: headers, which may hold a key, and changes can be read in transit`,
    remedy: { kind: 'advice', text: 'write https in url' },
  };
}

/** Standard Webhooks lets receivers refuse what is older or newer than five minutes; this warns well before. */
const longestDifferenceMs = 60_000;

function* judgeClock({ shown, clock }: CheckedEndpoint, { headers }: HttpAnswer): Iterable<CheckResult> {
  const theirs = Date.parse(String(headers['date'] ?? ''));
  if (Number.isNaN(theirs)) return;
  const seconds = Math.round((theirs - clock.wallMs()) / 1_000);
  const check = 'http.clock';
  const message = `the clock of ${shown} differs by ${Math.abs(seconds)} s from this one`;
  if (Math.abs(seconds) * 1_000 <= longestDifferenceMs)
    yield { outcome: 'passed', check, subject: shown, message };
  else {
    const text = 'set both clocks (NTP): a receiver refuses signatures that are five minutes off';
    yield { outcome: 'warned', check, subject: shown, message, remedy: { kind: 'advice', text } };
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

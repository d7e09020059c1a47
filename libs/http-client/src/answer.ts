/** What the status of an answer means for the changes of its request (docs/configuration.md, "Webhooks"). */
import { STATUS_CODES } from 'node:http';
import { DStreamError, type ErrorCode } from '@dstream/core';
import type { HttpAnswer, HttpRequest } from './http-client.ts';
import { shownUrl } from './shown-url.ts';

/** Transient: the request is sent again, as for every 5xx. */
const transient: Readonly<Record<number, ErrorCode>> = {
  408: 'TimedOut',
  425: 'Transient',
  429: 'Throttled',
  503: 'Throttled',
  504: 'TimedOut',
};

/** What a person has to look at, by status. */
const advice: Readonly<Record<number, string>> = {
  401: 'check the headers or the secret',
  403: 'check the rights of who signs in',
  404: 'check the url',
  405: 'check the url and the method',
  407: 'the proxy asks for a login: write it into the address of the proxy',
  410: 'the receiver has gone: check the url',
};

/** How an answer is judged. */
export interface AnswerRules {
  readonly lastingStatuses: ReadonlySet<number>;
  /** Takes out of a text what the receiver may repeat of our secrets. */
  readonly hide: (text: string) => string;
}

/**
 * Undefined: the receiver has the changes. `dead-letter`: it will never take one of them. `fatal`: the address or the sign-in is at fault, and a
 * person must act. `retry`: it may work later.
 */
export function errorOfAnswer(
  answer: HttpAnswer,
  { url, shown }: Pick<HttpRequest, 'url' | 'shown'>,
  { lastingStatuses, hide }: AnswerRules,
): DStreamError | undefined {
  const { status } = answer;
  if (status >= 200 && status < 300) return undefined;
  const said = `${shown} answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
  if (lastingStatuses.has(status))
    return new DStreamError(
      status === 413 ? 'MessageTooLarge' : 'Rejected',
      `${said}${excerptOf(answer, hide)}`,
    );
  if (status >= 500 || transient[status] !== undefined)
    return new DStreamError(transient[status] ?? 'Transient', said);
  return new DStreamError(
    status === 404 || status === 410 ? 'EntityNotFound' : 'Unauthorized',
    `${said}: ${adviceFor(answer, url)}`,
  );
}

function adviceFor({ status, headers }: HttpAnswer, url: string): string {
  if (status >= 400) return advice[status] ?? 'check the url, the method and the headers';
  const target = URL.parse(String(headers['location'] ?? ''), url);
  return `redirects to another host or method are not followed; ${target === null ? 'check the url' : `is the url ${shownUrl(target.href)}?`}`;
}

const maxExcerpt = 200;

/** Of an answer so many bytes are looked at. */
const maxRead = 1_024;

/** Why a change was refused, in the words of the receiver, as one line. */
function excerptOf({ body, headers }: HttpAnswer, hide: (text: string) => string): string {
  const text =
    headers['content-encoding'] === undefined ? Buffer.from(body.subarray(0, maxRead)).toString() : '';
  const line = hide(text)
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
  if (line === '') return '';
  return `: ${line.length > maxExcerpt ? `${line.slice(0, maxExcerpt)}…` : line}`;
}

/** A wrong date or number must not stop an output for good. */
const longestWaitMs = 3_600_000;

/** How long the receiver asks not to be asked again, in milliseconds: `Retry-After` of 429 and 503, seconds or a date. */
export function retryAfterMs({ status, headers }: HttpAnswer, nowMs: number): number {
  if (status !== 429 && status !== 503) return 0;
  const text = String(headers['retry-after'] ?? '').trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), longestWaitMs);
}

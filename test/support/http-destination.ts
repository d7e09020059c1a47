import { silentLog, type Publisher } from '@dstream/core';
import { systemClock } from '@dstream/async';
import { sha256Hex } from '@dstream/runtime';
import { httpPublisher, type HttpPublisherOptions } from '@dstream/outputs/http';
import { makeLocalCertificate } from '../stand-ins/certificate/src/local-certificate.ts';
import { HttpReceiver, linesOf, status } from './http-receiver.ts';
import type { PublisherRig } from './publisher-rig.ts';

export const httpLimits = { form: 'array', maxChanges: 100, maxBytes: 102_400 } as const;

/** A publisher to a URL, with the defaults of a configuration. */
export function toHttp(url: string, options: Partial<HttpPublisherOptions> = {}): Publisher {
  return httpPublisher({
    url,
    method: 'POST',
    limits: httpLimits,
    headers: {},
    secrets: [],
    lastingStatuses: [400, 409, 413, 415, 422],
    clock: systemClock,
    log: silentLog,
    hash: sha256Hex,
    ...options,
  });
}

const tooLargeBytes = 1_000_000;

/** A web service that takes requests of less than a megabyte. */
export async function openHttp(form: 'array' | 'lines' | 'single', path = '/changes'): Promise<PublisherRig> {
  const stack = new AsyncDisposableStack();
  const receiver = stack.use(await HttpReceiver.start());
  // Its certificate is trusted by nobody.
  const forbidden = stack.use(await HttpReceiver.start(await makeLocalCertificate()));
  let held: Promise<void> | undefined;
  receiver.otherwise = async (response, request) => {
    if (request.body.length > tooLargeBytes) return status(413)(response, request);
    receiver.accepted.push(request);
    await held;
    response.end();
  };
  const limits = { ...httpLimits, form };
  return {
    ordered: path.includes('{{ key.') ? 'row' : 'key',
    tooLargeBytes,
    open: () => toHttp(receiver.url + path, { limits }),
    openForbidden: () => toHttp(forbidden.url),
    delivered: () => Promise.resolve(receiver.accepted.flatMap(linesOf)),
    faults: {
      refuse: (count) => void receiver.next.push(...Array.from({ length: count }, () => status(503))),
      hold: () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        held = promise;
        return () => {
          held = undefined;
          resolve();
        };
      },
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

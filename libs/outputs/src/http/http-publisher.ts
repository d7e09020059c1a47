/** Publishes changes to a web service: a webhook. */
import type { Clock, Hash, Log, Publisher } from '@dstream/core';
import { HttpEndpoints } from '@dstream/http-client';
import { hidingSecrets } from '@dstream/http-client/schema';
import { DestinationsPublisher } from '../destinations/destinations-publisher.ts';
import { HttpDestination, type HttpDestinationOptions } from './http-destination.ts';
import { UrlTemplate } from './http-url.ts';
import type { BatchLimits } from './request-body.ts';

/** The settings of the output, and the clock and log to use. */
export interface HttpPublisherOptions {
  /** May hold parts of names in its path and query. May hold a key: secret. */
  readonly url: string;
  readonly method: HttpDestinationOptions['method'];
  readonly limits: BatchLimits;
  /** Secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** Secret. The first is the current one. */
  readonly secrets: readonly string[];
  readonly lastingStatuses: readonly number[];
  readonly clock: Clock;
  readonly log: Log;
  readonly hash: Hash;
  /** Longest time of one request, milliseconds; 30,000 if not given. */
  readonly requestTimeoutMs?: number | undefined;
}

/** A URL takes no connection of its own, so what is bounded is memory. */
const maxOpen = 1_000;

/** The publisher of an output of type `http`. */
export function httpPublisher({
  url,
  lastingStatuses,
  requestTimeoutMs = 30_000,
  log,
  ...options
}: HttpPublisherOptions): Publisher {
  const { clock, hash, headers, secrets } = options;
  const template = new UrlTemplate(url, hash);
  const shown = (text: string) => template.shown(text);
  const endpoints = new HttpEndpoints({
    clock,
    timeoutMs: requestTimeoutMs,
    hide: hidingSecrets({ url, headers, others: secrets }),
    lastingStatuses: new Set(lastingStatuses),
  });
  return new DestinationsPublisher({
    nameOf: (routed) => template.urlFor(routed),
    fixedName: template.fixed,
    probeName: template.probe,
    open: (name) => new HttpDestination(endpoints.open({ url: name, shown: shown(name) }), options),
    maxOpen,
    shown,
    log,
    rightsMayDiffer: false,
    shared: endpoints,
  });
}

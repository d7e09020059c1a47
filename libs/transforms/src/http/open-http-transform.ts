/** Makes a transform of type `http` of its settings. */
import type { Clock } from '@dstream/core';
import { HttpEndpoints } from '@dstream/http-client';
import { hidingSecrets, shownUrl } from '@dstream/http-client/schema';
import { HttpTransform, type HttpTransformLimits } from './http-transform.ts';

/** The settings of the transform, and the clock to use. */
export interface HttpTransformSettings {
  /** May hold a key: secret. */
  readonly url: string;
  /** Secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** Longest time of one request, milliseconds. */
  readonly timeoutMs: number;
  readonly limits: HttpTransformLimits;
  readonly lastingStatuses: readonly number[];
  readonly clock: Clock;
}

/** Connects nothing. */
export function openHttpTransform(settings: HttpTransformSettings): HttpTransform {
  const { url, headers, timeoutMs, limits, lastingStatuses, clock } = settings;
  const hide = hidingSecrets({ url, headers });
  const endpoints = new HttpEndpoints({ clock, timeoutMs, hide, lastingStatuses: new Set(lastingStatuses) });
  return new HttpTransform({
    endpoint: endpoints.open({ url, shown: shownUrl(url) }),
    headers,
    limits,
    close: () => endpoints[Symbol.asyncDispose](),
  });
}

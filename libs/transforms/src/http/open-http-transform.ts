/** Makes a transform of type `http` of its settings. */
import { SharedTimeout } from '@dstream/async';
import type { Clock } from '@dstream/core';
import { HttpClient, HttpEndpoint } from '@dstream/http-client';
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
  const client = new HttpClient();
  const timeout = new SharedTimeout(clock, timeoutMs);
  const endpoint = new HttpEndpoint(
    { url, shown: shownUrl(url) },
    {
      client,
      timeout,
      clock,
      lastingStatuses: new Set(lastingStatuses),
      hide: hidingSecrets({ url, headers }),
    },
  );
  const close = async () => {
    await timeout.dispose();
    await client[Symbol.asyncDispose]();
  };
  return new HttpTransform({ endpoint, headers, limits, close });
}

/** The checks of an `http` output. Of a URL with templates its host is asked. */
import type { CallOptions, Checks, Clock, Hash } from '@dstream/core';
import { checkEndpoint } from '@dstream/http-client/check';
import { UrlTemplate } from './http-url.ts';

/** What of the output's settings is looked at. */
export interface CheckedHttpSettings {
  /** Secret. */
  readonly url: string;
  /** Secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** Secret. */
  readonly secrets: readonly string[];
}

/** Delivers nothing. */
export async function* checkHttpOutput(
  { url, headers, secrets }: CheckedHttpSettings,
  {
    clock,
    hash,
    timeoutMs = 30_000,
  }: { readonly clock: Clock; readonly hash: Hash; readonly timeoutMs?: number | undefined },
  o: CallOptions,
): Checks {
  const template = new UrlTemplate(url, hash);
  const shown = template.shown(template.probe);
  const signed = secrets.length > 0;
  yield* checkEndpoint({ url: template.probe, shown, headers, signed, clock, timeoutMs }, o);
}

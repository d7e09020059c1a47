/**
 * The checks of an address, the same for every adapter: its name resolves, a connection opens, its certificate is trusted.
 * Adapters call it first and look further only where it was reached.
 */
import { unlessAborted } from '@dstream/async';
import type { CallOptions, CheckResult } from '@dstream/core';
import { checkCertificate } from './certificate.ts';
import { checkConnection } from './connection.ts';
import { proxyFor } from './proxy.ts';
import { checkName, systemNames, type Names } from './name.ts';
import type { ReachTarget } from './reach-target.ts';

export { checkSignIn } from './check-sign-in.ts';
export type { ReachTarget };

/** The world around it, which tests replace. */
export interface ReachOptions extends CallOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly names?: Names;
  /** Longest time of a connection and of a handshake, milliseconds; 10,000 if not given. */
  readonly limitMs?: number;
}

/**
 * Yields `network.resolve`, `network.connect` and, with TLS, `network.tls`; behind a proxy the first two are about the proxy, and
 * `network.proxy` says that it is used. Returns whether the target was reached, so that a caller writes
 * `if (!(yield* checkReach(…))) return;`. Sends nothing but a handshake. Rejects with `signal.reason` on abort.
 */
export async function* checkReach(
  target: ReachTarget,
  { signal, env = process.env, names = systemNames, limitMs = 10_000 }: ReachOptions,
): AsyncGenerator<CheckResult, boolean> {
  signal.throwIfAborted();
  const to = { ...target, host: target.host.replace(/^\[(.*)\]$/, '$1') };
  const proxy = to.usesProxy === true ? proxyFor(to, env) : undefined;
  const name = await unlessAborted(checkName((proxy ?? to).host, names), signal);
  yield name;
  if (name.outcome === 'failed') return false;
  const { results, socket } = await checkConnection(to, proxy, { signal, limitMs });
  yield* results;
  if (socket === undefined) return false;
  if (!to.tls) {
    socket.destroy();
    return true;
  }
  const certificate = await checkCertificate(socket, to, { signal, limitMs });
  yield certificate;
  return certificate.outcome !== 'failed';
}

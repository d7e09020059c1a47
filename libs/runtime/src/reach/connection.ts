/** The checks `network.connect` and `network.proxy`: a connection opens, by itself or through the proxy. */
import type { CheckResult, Remedy } from '@dstream/core';
import { once } from 'node:events';
import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Proxy } from './proxy.ts';
import {
  codeOf,
  shownAddress,
  timedOut,
  type Address,
  type ReachTarget,
  type StepLimit,
} from './reach-target.ts';

/** What was found, and the connection. */
export interface CheckedConnection {
  readonly results: readonly CheckResult[];
  /** Undefined: no connection. The caller destroys it. */
  readonly socket?: Socket;
}

/** Rejects with `signal.reason` on abort only. */
export async function checkConnection(
  target: ReachTarget,
  proxy: Proxy | undefined,
  limit: StepLimit,
): Promise<CheckedConnection> {
  const nearest = proxy ?? target;
  try {
    if (proxy !== undefined && target.tls) return await throughProxy(target, proxy, limit);
    const socket = await openSocket(nearest, limit);
    const through = proxy === undefined ? [] : [usesProxy(target, proxy)];
    return { results: [opened(nearest), ...through], socket };
  } catch (error) {
    limit.signal.throwIfAborted();
    return { results: [notOpened(error, nearest, proxy === undefined ? target.hint : undefined, limit)] };
  }
}

async function openSocket({ host, port }: Address, { signal, limitMs }: StepLimit): Promise<Socket> {
  const socket = connect({ host, port, timeout: limitMs });
  socket.once('timeout', () => socket.destroy(timedOut()));
  try {
    await once(socket, 'connect', { signal });
    socket.setTimeout(0);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** "CONNECT" (RFC 9110, 9.3.6). */
async function throughProxy(target: ReachTarget, proxy: Proxy, limit: StepLimit): Promise<CheckedConnection> {
  const to = shownAddress(target);
  const ask = proxy.secure ? requestSecure : requestPlain;
  const tunnel = ask({
    host: proxy.host,
    port: proxy.port,
    method: 'CONNECT',
    path: to,
    timeout: limit.limitMs,
    signal: limit.signal,
    headers: {
      host: to,
      ...(proxy.authorization !== undefined && { 'proxy-authorization': proxy.authorization }),
    },
  });
  tunnel.once('timeout', () => tunnel.destroy(timedOut()));
  tunnel.end();
  const [{ statusCode = 0 }, socket] = (await once(tunnel, 'connect')) as [IncomingMessage, Socket];
  socket.setTimeout(0);
  if (statusCode >= 200 && statusCode < 300)
    return { results: [opened(proxy), usesProxy(target, proxy)], socket };
  socket.destroy();
  return { results: [opened(proxy), refusedByProxy(target, proxy, statusCode)] };
}

function opened(to: Address): CheckResult {
  const subject = shownAddress(to);
  return {
    outcome: 'passed',
    check: 'network.connect',
    subject,
    message: `a connection to ${subject} opens`,
  };
}

function usesProxy(target: ReachTarget, proxy: Proxy): CheckResult {
  const subject = shownAddress(target);
  const message = `connections to ${subject} go through the proxy ${shownAddress(proxy)} of ${proxy.variable}`;
  return { outcome: 'passed', check: 'network.proxy', subject, message };
}

function refusedByProxy(target: ReachTarget, proxy: Proxy, status: number): CheckResult {
  const [subject, own] = [shownAddress(target), shownAddress(proxy)];
  const text =
    status === 407
      ? `write user and password of the proxy into ${proxy.variable}: http://USER:PASSWORD@${own}`
      : `allow ${subject} at the proxy, or add ${target.host} to NO_PROXY if it can be reached without it`;
  const message = `the proxy ${own} of ${proxy.variable} refuses a connection to ${subject} with status ${status}`;
  return { outcome: 'failed', check: 'network.proxy', subject, message, remedy: { kind: 'advice', text } };
}

function notOpened(
  error: unknown,
  to: Address,
  hint: string | undefined,
  { limitMs }: StepLimit,
): CheckResult {
  const code = codeOf(error);
  const subject = shownAddress(to);
  const message = `no connection to ${subject}: ${meaningOf(code, limitMs)}`;
  return {
    outcome: 'failed',
    check: 'network.connect',
    subject,
    message,
    remedy: remedyOf(code, subject, hint),
  };
}

function meaningOf(code: string, limitMs: number): string {
  if (code === 'ETIMEDOUT') return `no answer within ${limitMs / 1_000} s`;
  return code === 'ECONNREFUSED' ? 'nothing listens there (ECONNREFUSED)' : code;
}

function remedyOf(code: string, subject: string, hint: string | undefined): Remedy {
  const usual =
    code === 'ECONNREFUSED'
      ? 'check host and port, and that the service runs'
      : `let this machine or pod reach ${subject}: firewall, network security group, NetworkPolicy`;
  return { kind: 'advice', text: hint === undefined ? usual : `${usual}; ${hint}` };
}

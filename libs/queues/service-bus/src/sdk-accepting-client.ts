import type { Socket } from 'node:net';
import type { Clock } from '@dstream/core';
import { openClient, type ServiceBusAddress } from '@dstream/service-bus';
import { withoutDelay } from '@dstream/service-bus/amqp';
import type { AcceptingClient } from './accepting-client.ts';
import { receiverOptions, type SessionReceiverPort } from './receiver-port.ts';

export interface AcceptingClientOptions {
  readonly address: ServiceBusAddress;
  readonly topic: string;
  readonly subscription: string;
  readonly clock: Clock;
}

interface Pending {
  readonly accepting: Promise<SessionReceiverPort>;
  readonly sinceMs: number;
}

/** By this age an accept has been authorized and waits on its link, where a broken connection is noticed. */
const onItsLinkMs = 250;

/** How long an accept gets to notice that its connection broke. */
const noticeMs = 1_000;

/**
 * The SDK's client for accepting sessions.
 * @param acceptMs how long one accept waits for a session with messages
 */
export function acceptingClient(options: AcceptingClientOptions, acceptMs: number): AcceptingClient {
  const { address, topic, subscription, clock } = options;
  const client = openClient(address, acceptMs);
  const sockets = new Set<Socket>();
  const pending = new Set<Pending>();

  /**
   * An accept that is under way survives a close in good order, and keeps the process for a minute: rhea tells it of
   * a connection that broke, never of one that was closed. So the connection is broken under it. The SDK's close then
   * has nothing left to do but forget, and may wait for answers over the connection that is gone: it gets a moment.
   */
  async function breakOff(): Promise<void> {
    const youngestMs = Math.max(...[...pending].map(({ sinceMs }) => sinceMs));
    const accepting = Promise.allSettled([...pending].map((one) => one.accepting));
    await first(accepting, clock, onItsLinkMs - (clock.monotonicMs() - youngestMs));
    for (const socket of sockets) socket.destroy(new Error('the client is closed'));
    await first(accepting, clock, noticeMs);
    await first(client.close(), clock, noticeMs);
  }

  return {
    async acceptNextSession() {
      const accepting: Promise<SessionReceiverPort> = withoutDelay(
        () => client.acceptNextSession(topic, subscription, { ...receiverOptions }),
        sockets,
      );
      const one = { accepting, sinceMs: clock.monotonicMs() };
      pending.add(one);
      try {
        return await accepting;
      } finally {
        pending.delete(one);
      }
    },
    close: () => (pending.size === 0 ? client.close() : breakOff()),
  };
}

/** Resolves when `work` has ended, however, or after `ms`. */
async function first(work: Promise<unknown>, clock: Clock, ms: number): Promise<void> {
  const timer = new AbortController();
  const waited = clock.sleep(Math.max(0, ms), timer.signal).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), waited]);
  timer.abort();
  await waited;
}

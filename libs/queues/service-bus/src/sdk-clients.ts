/** The SDK's clients for the two kinds of source. */
import type { Socket } from 'node:net';
import type { Clock } from '@dstream/core';
import { openClient, type ServiceBusAddress } from '@dstream/service-bus';
import { withoutDelay } from '@dstream/service-bus/amqp';
import type { PlainClient } from './plain-source.ts';
import { receiverOptions, type SessionReceiverPort } from './receiver.ts';
import type { AcceptingClient } from './session-acceptor.ts';

/** The entity that a client is opened for. */
export interface SdkClientOptions {
  readonly address: ServiceBusAddress;
  readonly topic: string;
  readonly subscription: string;
  readonly clock: Clock;
}

interface Pending {
  readonly accepting: Promise<SessionReceiverPort>;
  readonly sinceMs: number;
}

/** By this age an accept is authorized and waits on its link, where a broken connection is detected. */
const onItsLinkMs = 250;

/** How long an accept gets to detect that its connection broke. */
const noticeMs = 1_000;

/**
 * The SDK's client for accepting sessions.
 * @param acceptMs how long one accept waits for a session with messages
 */
export function acceptingClient(options: SdkClientOptions, acceptMs: number): AcceptingClient {
  const { address, topic, subscription, clock } = options;
  const client = openClient(address, acceptMs);
  const sockets = new Set<Socket>();
  const pending = new Set<Pending>();

  /**
   * A pending accept survives an orderly close and keeps the process alive for a minute: rhea reports a connection that
   * broke, never one that was closed. So the sockets are destroyed. The SDK's close has nothing left to do then, but may
   * wait for answers over the connection that is gone: its time is limited.
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

/** The SDK's client for receiving without sessions. @param answerMs longest wait for an answer */
export function plainClient(options: SdkClientOptions, answerMs: number): PlainClient {
  const { address, topic, subscription } = options;
  const client = openClient(address, answerMs);
  return {
    createReceiver: () => client.createReceiver(topic, subscription, { ...receiverOptions }),
    close: () => client.close(),
  };
}

/** Resolves when `work` has settled, or after `ms`. */
async function first(work: Promise<unknown>, clock: Clock, ms: number): Promise<void> {
  const timer = new AbortController();
  const waited = clock.sleep(Math.max(0, ms), timer.signal).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), waited]);
  timer.abort();
  await waited;
}

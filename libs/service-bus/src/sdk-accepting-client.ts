import type { Socket } from 'node:net';
import type { AcceptingClient } from './accepting-client.ts';
import { openClient, type ServiceBusAddress } from './address.ts';
import { withoutDelay } from './no-delay.ts';
import { receiverOptions, type SessionReceiverPort } from './receiver-port.ts';

export interface AcceptingClientOptions {
  readonly address: ServiceBusAddress;
  readonly topic: string;
  readonly subscription: string;
}

/**
 * The SDK's client for accepting sessions.
 * @param acceptMs how long one accept waits for a session with messages
 */
export function acceptingClient(options: AcceptingClientOptions, acceptMs: number): AcceptingClient {
  const { address, topic, subscription } = options;
  const client = openClient(address, acceptMs);
  const sockets = new Set<Socket>();
  const pending = new Set<Promise<SessionReceiverPort>>();
  return {
    async acceptNextSession() {
      const accepting: Promise<SessionReceiverPort> = withoutDelay(
        () => client.acceptNextSession(topic, subscription, { ...receiverOptions }),
        sockets,
      );
      pending.add(accepting);
      try {
        return await accepting;
      } finally {
        pending.delete(accepting);
      }
    },
    async close() {
      // An accept that is under way survives a close in good order, and keeps the process for a minute: rhea tells
      // it of a connection that broke, never of one that was closed.
      if (pending.size > 0) for (const socket of sockets) socket.destroy(new Error('the client is closed'));
      await Promise.allSettled(pending);
      await client.close();
    },
  };
}

/** The Service Bus stand-in against the real client over real sockets: sessions, and clients that die with them. */
import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import { describe, expect, test, vi } from 'vitest';
import { bodies, noRenewal, only, retryOptions, serviceBusRig } from '../support/service-bus-rig.ts';

const rig = serviceBusRig();

describe('sessions', () => {
  const send = (queue: string, sessionId: string, ...list: unknown[]): Promise<void> =>
    rig.client.createSender(queue).sendMessages(list.map((body) => ({ body, sessionId })));

  test('by id: only its messages, in order, with state and renewal', async () => {
    await send('sessions', 'a', 1, 2);
    await send('sessions', 'b', 3);
    const session = await rig.client.acceptSession('sessions', 'a');
    expect(session.sessionLockedUntilUtc.getTime()).toBeGreaterThan(Date.now());
    expect(bodies(await session.receiveMessages(5, { maxWaitTimeInMs: 200 }))).toEqual([1, 2]);
    expect(await session.getSessionState()).toBeNull();
    await session.setSessionState({ position: '0x01' });
    expect(await session.getSessionState()).toEqual({ position: '0x01' });
    expect((await session.renewSessionLock()).getTime()).toBeGreaterThanOrEqual(Date.now() + 55_000);
    await session.close();
    const again = await rig.client.acceptSession('sessions', 'a');
    expect(await again.getSessionState()).toEqual({ position: '0x01' });
  });

  test('a session held by another cannot be locked', async () => {
    await rig.client.acceptSession('sessions', 'a');
    await expect(rig.client.acceptSession('sessions', 'a')).rejects.toMatchObject({
      code: 'SessionCannotBeLocked',
    });
  });

  test('the next session waits for a message, and every waiter gets another session', async () => {
    const waiting = [rig.client.acceptNextSession('sessions'), rig.client.acceptNextSession('sessions')];
    await send('sessions', 'a', 1);
    await send('sessions', 'b', 2);
    const ids = (await Promise.all(waiting)).map(({ sessionId }) => sessionId);
    expect(ids.sort()).toEqual(['a', 'b']);
  });

  test('no session in time is a timeout, and a message after it is not lost', async () => {
    const impatient = new ServiceBusClient(rig.bus.connectionString, {
      retryOptions: { maxRetries: 0, timeoutInMs: 1000 },
    });
    await expect(impatient.acceptNextSession('sessions')).rejects.toMatchObject({ code: 'ServiceTimeout' });
    await impatient.close();
    await send('sessions', 'a', 1);
    const session = await rig.client.acceptNextSession('sessions');
    expect(bodies(await session.receiveMessages(1))).toEqual([1]);
  });

  test('closing gives unsettled messages back in order, uncounted', async () => {
    await send('sessions', 'a', 1, 2, 3);
    const session = await rig.client.acceptNextSession('sessions');
    const [, second] = await session.receiveMessages(3);
    await session.completeMessage(second as ServiceBusReceivedMessage);
    await session.close();
    const again = await rig.client.acceptNextSession('sessions');
    const received = await again.receiveMessages(3, { maxWaitTimeInMs: 300 });
    expect(received.map(({ body, deliveryCount }) => [body, deliveryCount])).toEqual([
      [1, 0],
      [3, 0],
    ]);
  });

  test('an expired lock detaches the link, refuses settlements and counts', async () => {
    await send('short-sessions', 'a', 1);
    const session = await rig.client.acceptSession('short-sessions', 'a', noRenewal);
    const message = only(await session.receiveMessages(1));
    expect(rig.bus.expireSessionLock('short-sessions', 'a')).toBe(true);
    await vi.waitFor(() => expect(session.isClosed).toBe(true));
    await expect(session.completeMessage(message)).rejects.toMatchObject({ code: 'SessionLockLost' });
    const again = await rig.client.acceptSession('short-sessions', 'a', noRenewal);
    expect(only(await again.receiveMessages(1)).deliveryCount).toBe(1);
  });

  test('a lock that nobody renews runs out by itself', async () => {
    await send('short-sessions', 'a', 1);
    await rig.client.acceptSession('short-sessions', 'a', noRenewal);
    const session = await rig.client.acceptNextSession('short-sessions', noRenewal);
    expect(session.sessionId).toBe('a');
  });

  test('a receiver with a session on an entity without, and the reverse, are refused', async () => {
    await expect(rig.client.acceptNextSession('plain')).rejects.toMatchObject({ code: 'GeneralError' });
    await expect(rig.client.createReceiver('sessions').receiveMessages(1)).rejects.toMatchObject({
      code: 'GeneralError',
    });
    await expect(rig.client.createSender('sessions').sendMessages({ body: 'x' })).rejects.toMatchObject({
      code: 'GeneralError',
    });
  });
});

describe('clients that die', () => {
  test('a session is free as soon as its connection is gone; a message lock stays', async () => {
    await rig.client.createSender('sessions').sendMessages({ body: 1, sessionId: 'a' });
    await rig.client.createSender('plain').sendMessages({ body: 2 });
    const doomed = new ServiceBusClient(rig.bus.connectionString, { retryOptions });
    const session = await doomed.acceptSession('sessions', 'a', noRenewal);
    await session.receiveMessages(1);
    await doomed.createReceiver('plain', noRenewal).receiveMessages(1);
    rig.bus.dropConnections();
    const survivor = new ServiceBusClient(rig.bus.connectionString, { retryOptions });
    const again = await survivor.acceptSession('sessions', 'a');
    expect(only(await again.receiveMessages(1))).toMatchObject({ body: 1, deliveryCount: 0 });
    const receiver = survivor.createReceiver('plain');
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 200 })).toEqual([]);
    expect(rig.bus.messages('plain')[0]?.locked).toBe(true);
    await survivor.close();
    await doomed.close();
  });

  test('who waited for a session and went gets none', async () => {
    const doomed = new ServiceBusClient(rig.bus.connectionString, { retryOptions });
    let got = false;
    // Not awaited: a drop that hits the accept while it is being authorized is never noticed by the client.
    doomed.acceptNextSession('sessions').then(
      () => (got = true),
      () => undefined,
    );
    await vi.waitFor(() => expect(rig.bus.counters().openConnections).toBe(1));
    rig.bus.dropConnections();
    await vi.waitFor(() => expect(rig.bus.counters().openConnections).toBe(0));
    await rig.client.createSender('sessions').sendMessages({ body: 1, sessionId: 'a' });
    const session = await rig.client.acceptNextSession('sessions');
    expect([session.sessionId, got]).toEqual(['a', false]);
    doomed.close().catch(() => undefined);
  });
});

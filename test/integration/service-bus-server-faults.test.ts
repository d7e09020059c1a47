/** The Service Bus stand-in against the real client over real sockets: faults. */
import { ServiceBusClient } from '@azure/service-bus';
import { describe, expect, test, vi } from 'vitest';
import { bodies, only, retryOptions, serviceBusRig } from '../support/service-bus-rig.ts';

const rig = serviceBusRig();

describe('faults', () => {
  test('server busy refuses so many sends', async () => {
    rig.bus.serverBusy(1);
    const sender = rig.client.createSender('plain');
    await expect(sender.sendMessages({ body: 1 })).rejects.toMatchObject({ code: 'ServiceBusy' });
    await sender.sendMessages({ body: 2 });
    expect(rig.bus.messages('plain')).toHaveLength(1);
  });

  test('a lost reply leaves the message sent, and its sender in doubt', async () => {
    rig.bus.loseReplies(1);
    const sender = rig.client.createSender('plain');
    await expect(sender.sendMessages({ body: 1 })).rejects.toMatchObject({ name: 'ServiceBusError' });
    await sender.sendMessages({ body: 2 });
    expect(rig.bus.messages('plain')).toHaveLength(2);
  });

  test('a full entity refuses until it has room', async () => {
    rig.bus.setFull('plain', true);
    const sender = rig.client.createSender('plain');
    await expect(sender.sendMessages({ body: 1 })).rejects.toMatchObject({ code: 'QuotaExceeded' });
    rig.bus.setFull('plain', false);
    await sender.sendMessages({ body: 1 });
    expect(rig.bus.messages('plain')).toHaveLength(1);
  });

  test('a silent queue gives nothing until the fault ends', async () => {
    rig.bus.setSilent('plain', true);
    await rig.client.createSender('plain').sendMessages({ body: 1 });
    const receiver = rig.client.createReceiver('plain');
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 200 })).toEqual([]);
    const waiting = receiver.receiveMessages(1, { maxWaitTimeInMs: 2500 });
    rig.bus.setSilent('plain', false);
    expect(bodies(await waiting)).toEqual([1]);
  });

  test('refused settlements leave the message locked', async () => {
    await rig.client.createSender('plain').sendMessages({ body: 1 });
    const receiver = rig.client.createReceiver('plain');
    const message = only(await receiver.receiveMessages(1));
    rig.bus.refuseSettlements(1, 'com.microsoft:server-busy');
    await expect(receiver.completeMessage(message)).rejects.toMatchObject({ code: 'ServiceBusy' });
    expect(rig.bus.messages('plain')[0]?.locked).toBe(true);
  });

  test('delays hold sends and settlements back', async () => {
    const sender = rig.client.createSender('plain');
    await sender.sendMessages({ body: 0 });
    const receiver = rig.client.createReceiver('plain');
    const message = only(await receiver.receiveMessages(1));
    rig.bus.delaySends(300);
    rig.bus.delaySettlements(300);
    const start = performance.now();
    await Promise.all([sender.sendMessages({ body: 1 }), receiver.completeMessage(message)]);
    expect(performance.now() - start).toBeGreaterThan(250);
    rig.bus.clear();
  });

  test('refused connections end by themselves', async () => {
    rig.bus.refuseConnections(400);
    const start = performance.now();
    const late = new ServiceBusClient(rig.bus.connectionString, { retryOptions });
    await expect(late.createSender('plain').sendMessages({ body: 1 })).rejects.toThrow('ECONNREFUSED');
    await vi.waitFor(() => late.createSender('plain').sendMessages({ body: 1 }), { timeout: 10_000 });
    expect(performance.now() - start).toBeGreaterThan(350);
    await late.close();
  });

  test('detached links are opened again by the client', async () => {
    const sender = rig.client.createSender('plain');
    await sender.sendMessages({ body: 1 });
    expect(rig.bus.detachLinks('plain')).toBe(1);
    await vi.waitFor(() => sender.sendMessages({ body: 2 }), { timeout: 10_000 });
    expect(rig.bus.messages('plain').map(({ body }) => String(body))).toEqual(['1', '2']);
  });
});

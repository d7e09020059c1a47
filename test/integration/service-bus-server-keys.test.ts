/** The Service Bus stand-in against the real client over real sockets: who may come in. */
import { ServiceBusClient } from '@azure/service-bus';
import { expect, test } from 'vitest';
import { retryOptions, serviceBusRig } from '../support/service-bus-rig.ts';

const rig = serviceBusRig();

test.each([
  ['key', (text: string) => text.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=bm8=')],
  ['name of a key', (text: string) => text.replace('RootManageSharedAccessKey', 'Another')],
])('a wrong %s is refused, for sending and for receiving', async (_, change) => {
  const wrong = new ServiceBusClient(change(rig.bus.connectionString), { retryOptions });
  try {
    const refused = { code: 'UnauthorizedAccess', message: expect.stringContaining('InvalidSignature') };
    await expect(wrong.createSender('plain').sendMessages({ body: 1 })).rejects.toMatchObject(refused);
    await expect(wrong.createReceiver('plain').receiveMessages(1)).rejects.toMatchObject(refused);
  } finally {
    await wrong.close();
  }
  expect(rig.bus.messages('plain')).toEqual([]);
});

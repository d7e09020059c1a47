import { expect, test } from 'vitest';
import { packetType } from '../wire/packet.ts';
import { Inbox } from './inbox.ts';

const message = (type: number): { type: number; status: number; body: Buffer } => ({
  type,
  status: 1,
  body: Buffer.alloc(0),
});

test('messages come in order, and one that waits is resumed', async () => {
  const inbox = new Inbox();
  const waiting = inbox.next();
  inbox.push(message(1));
  inbox.push(message(3));
  expect((await waiting)?.type).toBe(1);
  expect((await inbox.next())?.type).toBe(3);
});

test('an attention that came with its request is found before the request runs', () => {
  const inbox = new Inbox();
  expect(inbox.takeIf(packetType.attention)).toBe(false);
  inbox.push(message(packetType.attention));
  inbox.push(message(packetType.batch));
  expect(inbox.takeIf(packetType.attention)).toBe(true);
  expect(inbox.takeIf(packetType.attention)).toBe(false);
});

test('a closed inbox answers nothing, to those who wait and to those who come later', async () => {
  const inbox = new Inbox();
  const waiting = inbox.next();
  inbox.close();
  expect(await waiting).toBeUndefined();
  expect(await inbox.next()).toBeUndefined();
});

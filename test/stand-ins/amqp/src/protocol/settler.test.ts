import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { RheaDelivery, RheaSession } from './rhea-internals.ts';
import { Refusal } from './refusal.ts';
import { Settler } from './settler.ts';

interface Written {
  readonly first: number;
  readonly last: number;
  readonly settled: boolean;
}

function session() {
  const written: Written[] = [];
  const connection = Object.assign(new EventEmitter(), { _register: () => undefined });
  const output = ({ first, last, settled }: Written) => written.push({ first, last, settled });
  return {
    written,
    session: Object.assign(new EventEmitter(), { connection, output }) as unknown as RheaSession,
  };
}

const delivery = (id: number, fields: Partial<RheaDelivery> = {}): RheaDelivery =>
  ({ id, settled: false, remote_settled: false, ...fields }) as RheaDelivery;

const error = new Refusal('com.microsoft:message-lock-lost', 'gone');

test('neighbouring acceptances share a frame', async () => {
  const { written, session: it } = session();
  const settler = new Settler(it, 'sender');
  for (const id of [1, 2, 3, 5]) settler.accept(delivery(id));
  await Promise.resolve();
  expect(written).toEqual([
    { first: 1, last: 3, settled: true },
    { first: 5, last: 5, settled: true },
  ]);
});

test('a rejection between acceptances stands alone', async () => {
  const { written, session: it } = session();
  const settler = new Settler(it, 'sender');
  settler.accept(delivery(1));
  settler.reject(delivery(2), error);
  settler.accept(delivery(3));
  await Promise.resolve();
  expect(written.map(({ first, last }) => [first, last])).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
});

test('a delivery that the peer has settled gets no answer, but is done', async () => {
  const { written, session: it } = session();
  const done = delivery(1, { remote_settled: true });
  new Settler(it, 'receiver').accept(done);
  await Promise.resolve();
  expect([written, done.settled]).toEqual([[], true]);
});

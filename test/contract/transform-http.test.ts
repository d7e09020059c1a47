import type { StampedEvent } from '@dstream/core';
import { afterAll } from 'vitest';
import { HttpReceiver } from '../support/http-receiver.ts';
import { loadedTransform } from '../support/loaded-transform.ts';
import { transformContract } from './transform.ts';

const service = await HttpReceiver.start();
afterAll(() => service[Symbol.asyncDispose]());

/** Shortens amounts, drops every fifth change, and refuses an amount that is no number. */
function made(change: StampedEvent): StampedEvent | null {
  const amount = Number(change.data?.['Amount']);
  if (Number.isNaN(amount)) throw new Error('an amount is no number');
  if (Number(change.data?.['N']) % 5 === 0) return null;
  return { ...change, data: { ...change.data, Amount: String(amount) } };
}

service.otherwise = (response, { path, body }) => {
  const changes = JSON.parse(body.toString()) as readonly StampedEvent[];
  try {
    const answer = JSON.stringify(path === '/busy' ? changes.map(made) : changes);
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  } catch {
    response.writeHead(422).end('an amount is no number');
  }
};

transformContract('http', {
  busy: loadedTransform('http', `url = "${service.url}/busy"\nmax_batch_changes = 3`),
  idle: loadedTransform('http', `url = "${service.url}/idle"`),
});

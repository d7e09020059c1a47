import { expect, test } from 'vitest';
import { probes } from './probes.ts';

const service = (reason?: string) => ({ notReady: () => reason });

function asked(services: readonly ReturnType<typeof service>[]) {
  const [draining, aborted] = [new AbortController(), new AbortController()];
  const answers = probes(services, { draining: draining.signal, aborted: aborted.signal });
  return { draining, aborted, look: () => [answers.notAlive(), answers.notReady()] };
}

test('a process is ready when all of its services are, and alive all the while', () => {
  const none = 'the processor has not reached its outputs';
  expect(asked([service(), service(none)]).look()).toEqual([undefined, none]);
  expect(asked([service(), service()]).look()).toEqual([undefined, undefined]);
});

test('a process that stops is not ready, whatever its services say, and alive until it is aborted', () => {
  const { draining, aborted, look } = asked([service('not connected yet'), service()]);
  draining.abort();
  expect(look()).toEqual([undefined, 'stopping']);
  aborted.abort();
  expect(look()).toEqual(['aborted', 'stopping']);
});

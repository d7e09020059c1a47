/** What a library throws where nobody can catch it: the process finishes what it has begun, and shows no secret. */
import { expect, test } from 'vitest';
import { secretsCorpus } from '../support/secrets-corpus.ts';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';

const texts = secretsCorpus.map(([, text]) => text);

/** Loaded before the program: at each SIGUSR2 an exception and a rejection, with the next texts. */
const library = `
const texts = ${JSON.stringify(texts)};
process.on('SIGUSR2', () => {
  for (const text of texts) void Promise.reject(new Error(text));
  setImmediate(() => { throw new TypeError('an event failed'); });
});
`;

test('an error that nobody caught is logged without secrets and stacks; what was begun is finished, the exit code is 1', async () => {
  await using pipeline = await Pipeline.start();
  await createCapturedTable(pipeline.database, 'T');
  const config = await pipeline.config({ tables: ['T'] });
  const NODE_OPTIONS = `--import=${await pipeline.file('library.mjs', library)}`;
  const server = pipeline.run('server', config, { NODE_OPTIONS });
  await insertRows(pipeline.database, 'T', { from: 1, to: 100 });
  await pipeline.arrivedDistinct(100);

  const next = pipeline.run('server', config);
  process.kill(server.pid, 'SIGUSR2');
  expect(await server.ended).toBe(1);
  const log = server.logs.join('\n');
  expect(log).toContain('unexpected error; stopping');
  expect(log).toContain('released table');
  expect(log).not.toMatch(/\bat .*:\d+:\d+/);
  const shown = server.logs.filter((line) => line.includes('unexpected error')).join('\n');
  for (const secret of secretsCorpus.flatMap(([, , ...secrets]) => secrets))
    expect(shown).not.toContain(secret);

  await insertRows(pipeline.database, 'T', { from: 101, to: 200 });
  await pipeline.arrivedDistinct(200, 10_000);
  expect(pipeline.arrived.map(({ data }) => data?.['N'])).toEqual(
    Array.from({ length: 200 }, (_, n) => n + 1),
  );
  expect(await next.stop()).toBe(0);
});

test('an error that nobody caught before anything runs is one line, and the exit code is 1', async () => {
  await using pipeline = await Pipeline.start();
  const config = await pipeline.config({ tables: ['T'] });
  const text = 'cannot parse Server=db;Password=Hunter2!;Database=shop';
  const early = await pipeline.file(
    'early.mjs',
    `(function wait() {
      if (process.listenerCount('uncaughtException') === 0) setImmediate(wait);
      else setImmediate(() => { throw new Error(${JSON.stringify(text)}); });
    })();`,
  );
  const server = pipeline.run('server', config, { NODE_OPTIONS: `--import=${early}` });
  expect(await server.ended).toBe(1);
  expect(server.logs).toEqual([
    'dstream: unexpected error: cannot parse Server=db;Password=[secret];Database=shop',
  ]);
});

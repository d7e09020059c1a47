/** A real process that delivers to a web service: outages, a wrong secret, a change that is refused. */
import type { ProcessorReport } from '@dstream/deliver';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { HttpReceiver, linesOf, status } from '../support/http-receiver.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

interface Change {
  readonly data: { readonly N: number };
}

const secretOf = (letter: string) => `whsec_${Buffer.alloc(32, letter).toString('base64')}`;

test('a webhook gets everything in order; a wrong secret and an outage dead-letter nothing, a refused change is dead-lettered alone', async () => {
  await using pipeline = await Pipeline.start();
  const receiver = await HttpReceiver.start();
  onTestFinished(() => receiver[Symbol.asyncDispose]());
  await createCapturedTable(pipeline.database, 'T');
  const output = `output "hook" {
    type            = "http"
    url             = "${receiver.url}/in/{{ table }}?code={{ env "HOOK_CODE" }}"
    headers         = { Authorization = "Bearer {{ env "HOOK_TOKEN" }}" }
    secret          = "{{ env "HOOK_SECRET" }}"
    previous_secret = "{{ env "HOOK_OLD_SECRET" }}"
    timeout         = "500ms"
    max_batch_changes = 20
  }`;
  const text = pipeline.configText({ tables: ['T'] }).replace(/output \{[^}]*\}/, output);
  const secrets = {
    HOOK_CODE: 'hunter2-hunter2',
    HOOK_TOKEN: 'open-sesame-1',
    HOOK_SECRET: secretOf('n'),
    HOOK_OLD_SECRET: secretOf('o'),
  };
  // No answer, an outage, a secret that the receiver does not have yet; then all is well but for one change.
  receiver.next.push(() => undefined, status(503), status(401, {}, 'open-sesame-1 is wrong'));
  receiver.otherwise = (response, request) => {
    if (linesOf(request).some((line) => (JSON.parse(line) as Change).data.N === 77))
      response.writeHead(422).end('77 is not a number that we like');
    else receiver.accept(response, request);
  };
  const server = pipeline.run('server', await pipeline.file('http.hcl', text), secrets);
  await server.logged('processor ready');
  await insertRows(pipeline.database, 'T', { from: 1, to: 150 });

  const numbers = () => receiver.accepted.flatMap(linesOf).map((line) => (JSON.parse(line) as Change).data.N);
  await until(
    () => numbers().length === 149,
    () => `149 changes arrived; there are ${numbers().length}\n${server.logs.slice(-10).join('\n')}`,
    60_000,
  );
  expect(numbers()).toEqual(Array.from({ length: 150 }, (_, i) => i + 1).filter((n) => n !== 77));
  for (const { body, headers, path } of receiver.accepted) {
    expect(path).toBe('/in/T?code=hunter2-hunter2');
    expect(headers['authorization']).toBe('Bearer open-sesame-1');
    for (const secret of [secrets.HOOK_SECRET, secrets.HOOK_OLD_SECRET])
      new Webhook(secret).verify(body, headers as Record<string, string>);
  }
  const dead = await server.logged('dead-lettered message');
  expect(dead).toContain('422 Unprocessable Entity: 77 is not a number that we like');

  const { http } = JSON.parse(await server.logged('listening')) as { http: string };
  const shown = await (await fetch(`${http}/status`)).text();
  const { processor } = JSON.parse(shown) as { readonly processor: ProcessorReport };
  expect(processor.outputs).toMatchObject([{ name: 'hook', type: 'http', delivered: 149, refused: 1 }]);
  expect(await server.stop()).toBe(0);
  const said = server.logs.join('\n');
  for (const code of ['TimedOut', 'Throttled', 'DestinationUnusable']) expect(said).toContain(code);
  expect(`${said} ${shown}`).not.toMatch(/sesame|hunter2|whsec_/);
});

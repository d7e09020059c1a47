/** Outputs of type `http`, from a file to the settings of their publisher. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { loadConfiguration, redactor, type Configuration } from '@dstream/config';
import { sha256Hex } from '@dstream/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpType } from '../../libs/outputs/src/http/http-type.ts';
import { httpType as httpTransformType } from '../../libs/transforms/src/http/http-type.ts';
import { fixedTypes } from '../support/fixed-types.ts';

const types = { ...fixedTypes, outputs: [httpType], transforms: [httpTransformType] } as const;
const secretOf = (letter: string) => `whsec_${Buffer.alloc(32, letter).toString('base64')}`;
const env = {
  BUS: 'Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=key',
  TOKEN: 'open-sesame-1',
  NEW: secretOf('n'),
  OLD: secretOf('o'),
  HOOK: 'https://hooks.example/services/Zq8wXs1kLmN4pQ7rTt/{{ table }}?code=hunter2hunter2',
};

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dstream-http-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The keys of the output begin on line 7. */
async function load(keys: string, transform = ''): Promise<Configuration> {
  const file = join(folder, 'dstream.hcl');
  const source = 'connection_string = "{{ env "BUS" }}"';
  const output = `output {\n    type = "http"\n${keys}\n  }`;
  await writeFile(file, `processor {\n  source {\n    ${source}\n  }\n  ${output}\n${transform}}\n`);
  return await loadConfiguration(file, { env, use: ['processor'], types });
}

const refusal = (keys: string) =>
  load(keys).then(
    () => expect.unreachable('it was loaded'),
    (error: unknown) =>
      (error as Error).message.split('\n').map((line) => line.slice(line.indexOf('hcl:') + 4)),
  );

test('an output has what its file says, and defaults', async () => {
  const found = await load('url = "https://h/{{ table }}"');
  expect(found.processor?.outputs[0]?.settings).toEqual({
    url: 'https://h/{{ table }}',
    method: 'POST',
    headers: {},
    limits: { form: 'array', maxChanges: 100, maxBytes: 102_400 },
    secrets: [],
    lastingStatuses: [400, 409, 413, 415, 422],
  });
});

test('no secret is shown: of headers, signatures, the path and the query', async () => {
  const found = await load(`    url             = "{{ env "HOOK" }}"
    headers         = { Authorization = "Bearer {{ env "TOKEN" }}" }
    secret          = "{{ env "NEW" }}"
    previous_secret = "{{ env "OLD" }}"`);
  const [output] = found.processor?.outputs ?? [];
  expect(output?.settings).toMatchObject({
    headers: { authorization: 'Bearer open-sesame-1' },
    secrets: [env.NEW, env.OLD],
  });
  const table = { server: 's', database: 'd', schema: 'dbo', table: 'T' };
  const planned = output?.destinationNames?.(sha256Hex)(table);
  expect(planned).toBe('https://hooks.example/services/…/T');
  const secret = /sesame|hunter2|Zq8wXs|whsec/;
  expect(`${JSON.stringify(found)} ${inspect(found, { depth: 9 })}`).not.toMatch(secret);
  const said = `${env.HOOK} ${env.TOKEN} Bearer ${env.TOKEN} ${env.NEW} ${env.OLD}`;
  expect(redactor(found)(said)).not.toMatch(secret);
});

test('what is wrong is refused with what would be right, and without what may be secret', async () => {
  const said = await refusal(`    url              = "https://user:hunter2@h/x"
    method           = "GET"
    headers          = { Host = "{{ env "TOKEN" }}" }
    body             = "xml"
    secret           = "{{ env "TOKEN" }}"
    lasting_statuses = [500]`);
  expect(said).toEqual([
    '7: processor.output.url: the URL holds a user or password; write headers = { Authorization = "{{ env "NAME" }}" }',
    '8: processor.output.method: invalid value "GET"; write "POST", "PUT" or "PATCH"',
    '9: processor.output.headers: the header Host is set by DStream; remove it',
    '10: processor.output.body: invalid value "xml"; write "array", "lines" or "single"',
    '11: processor.output.secret: the value is not a signing secret; write whsec_ and 24 to 64 random bytes in base64, as "openssl rand -base64 32" prints them',
    '12: processor.output.lasting_statuses: 500 is out of range (400–499)',
  ]);
});

test('a status that says nothing about a change dead-letters none', async () => {
  expect(await refusal('    url = "https://h/"\n    lasting_statuses = [404, 401, 429]')).toEqual([
    '8: processor.output.lasting_statuses: 401 says nothing about a change; remove it',
    '8: processor.output.lasting_statuses: 429 says nothing about a change; remove it',
  ]);
});

test('a previous secret alone signs nothing', async () => {
  expect(await refusal('    url = "https://h/"\n    previous_secret = "{{ env "OLD" }}"')).toEqual([
    '8: processor.output.previous_secret: previous_secret has no effect without secret; write secret',
  ]);
});

test.each(['Webhook-Id', 'ce-source'])('the output sets %s itself; the transform does not', async (name) => {
  const headers = `    headers = { ${name} = "x" }`;
  expect(await refusal(`    url = "https://h/"\n${headers}`)).toEqual([
    `8: processor.output.headers: the header ${name} is set by DStream; remove it`,
  ]);
  const transform = `  transform "score" {\n    type = "http"\n    url = "https://t/"\n${headers}\n  }\n`;
  const found = await load('    url = "https://h/"', transform);
  expect(found.processor?.transforms[0]?.settings).toMatchObject({ headers: { [name.toLowerCase()]: 'x' } });
});

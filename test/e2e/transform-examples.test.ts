/** The examples of `config/transforms/`: what `dstream transform test` prints for each. After a change of one: `vitest run -u`. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runDstream } from '../support/status-command.ts';

const folder = fileURLToPath(new URL('../../config/transforms/', import.meta.url));
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.hcl'))
  .map((file) => file.slice(0, -'.hcl'.length));

const broker =
  'Endpoint=sb://localhost;SharedAccessKeyName=all;SharedAccessKey=x;UseDevelopmentEmulator=true';
const env = {
  DSTREAM_INGEST_CONNECTION_STRING: broker,
  DSTREAM_PUBLISHER_CONNECTION_STRING: broker,
  HASH_SALT: 'a long random text',
  SCORE_TOKEN: 'open-sesame',
  SCORE_URL: '',
};

/** The service of `http-service.hcl`. */
let service: ChildProcess;
beforeAll(async () => {
  service = spawn(process.execPath, [`${folder}http-service.js`, '0'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(service.stdout ?? service, 'data')) as [Buffer];
  env.SCORE_URL = line.toString().trim();
});
afterAll(async () => {
  service.kill();
  await once(service, 'exit');
});

describe.each(names)('config/transforms/%s.hcl', (name) => {
  test('is valid', async () => {
    const { code, out } = await runDstream(['validate', '--strict', `${name}.hcl`], { cwd: folder, env });
    expect([code, out]).toEqual([0, `${name}.hcl: the configuration is valid\n`]);
  });

  test('makes of the changes beside it what the expected file has', async () => {
    const args = ['transform', 'test', '--config', `${name}.hcl`, '--input', `${name}.jsonl`];
    const { code, out, err } = await runDstream(args, { cwd: folder, env });
    expect([code, err]).toEqual([0, '']);
    await expect(out).toMatchFileSnapshot(`${folder}${name}.expected.jsonl`);
  });
});

/** Who may ask a process for its status, from the configuration file to the answer of `dstream status`. */
import { expect, test } from 'vitest';
import { createCapturedTable } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';
import { runStatus, status } from '../support/status-command.ts';

const token = 'correct-horse-battery';

/** A file whose processes listen on every address of the machine. */
async function configured(pipeline: Pipeline, service = ''): Promise<string> {
  await createCapturedTable(pipeline.database, 'T');
  const text = pipeline.configText({ tables: ['T'] });
  return pipeline.file('dstream.hcl', text.replace('"127.0.0.1:0"', `"0.0.0.0:0"\n  ${service}`));
}

/** What a request without a token is answered, by path. */
async function anonymously(log: string): Promise<Record<string, number>> {
  const port = /"http":"http:\/\/0\.0\.0\.0:(\d+)"/.exec(log)?.[1];
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    await response.body?.cancel();
    return [path, response.status] as const;
  };
  return Object.fromEntries(await Promise.all(['/livez', '/status', '/metrics'].map(ask)));
}

test('status is for who has the token of the file, on any address', async () => {
  await using pipeline = await Pipeline.start();
  const config = await configured(pipeline, 'token = "{{ env "DSTREAM_HTTP_TOKEN" }}"');
  const env = { DSTREAM_HTTP_TOKEN: token };
  const ingester = pipeline.run('ingester', config, env);
  await ingester.logged('acquired table');
  expect(await anonymously(await ingester.logged('listening'))).toEqual({
    '/livez': 200,
    '/status': 401,
    '/metrics': 401,
  });

  const replicas = async (variables: Readonly<Record<string, string>>) => {
    const { out } = await runStatus(['--config', config], { ...pipeline.env, ...variables });
    return (JSON.parse(out) as Awaited<ReturnType<typeof status>>).replicas;
  };
  expect(await replicas(env)).toMatchObject([{ reachable: true, tables: 1 }]);
  expect(await replicas({ DSTREAM_HTTP_TOKEN: `${token}-of-yesterday` })).toMatchObject([
    { reachable: false, note: expect.stringContaining('it refuses the token') },
  ]);
  expect(await replicas({ DSTREAM_HTTP_TOKEN: '' })).toMatchObject([
    { reachable: false, note: expect.stringContaining('it asks for a token') },
  ]);
  expect(await ingester.stop()).toBe(0);
  expect(ingester.logs.join('\n')).not.toContain(token);
});

test('without a token an address that is not loopback has health checks, one warning says so, and status shows why', async () => {
  await using pipeline = await Pipeline.start();
  const config = await configured(pipeline, 'metrics_anonymous = true');
  const ingester = pipeline.run('ingester', config);
  await ingester.logged('acquired table');
  expect(await anonymously(await ingester.logged('listening'))).toEqual({
    '/livez': 200,
    '/status': 403,
    '/metrics': 200,
  });
  const warnings = ingester.logs.filter((line) => line.includes('service.token'));
  expect(warnings.map((line) => JSON.parse(line) as object)).toMatchObject([
    {
      level: 'warn',
      msg: expect.stringMatching(
        /dstream\.hcl:\d+: service\.token: not set, and the address is not loopback/,
      ),
      served: '/livez /readyz /metrics',
    },
  ]);
  const shown = await status(pipeline, '--config', config);
  expect(shown.tables).toMatchObject([{ state: 'unknown' }]);
  expect(shown.replicas).toMatchObject([
    { reachable: false, note: expect.stringContaining('its service has no token') },
  ]);
  expect(await ingester.stop()).toBe(0);
});

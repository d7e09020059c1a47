/** `dstream` with an identity of Microsoft Entra ID instead of a password: the real library, a fake token service. */
import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { startIdentityEndpoint } from '../support/identity-endpoint.ts';
import { Pipeline } from '../support/pipeline.ts';

/** The same database without its login. */
function signedInBy(method: string, { env }: Pipeline): string {
  const [server = '', database = ''] = env.DSTREAM_DB_CONNECTION_STRING.split(';');
  return `${server};${database};Authentication=${method};TrustServerCertificate=true`;
}

test('an ingester with a managed identity reads its tables', async () => {
  await using pipeline = await Pipeline.onStandIns();
  await using identity = await startIdentityEndpoint();
  await createCapturedTable(pipeline.database, 'T');
  const config = await pipeline.config({ tables: ['T'] });
  const ingester = pipeline.run('ingester', config, {
    ...identity.env,
    DSTREAM_DB_CONNECTION_STRING: signedInBy('Active Directory Managed Identity', pipeline),
  });
  const processor = pipeline.run('processor', config);
  await insertRows(pipeline.database, 'T', { from: 1, to: 10 });
  await pipeline.arrivedDistinct(10);
  expect(await ingester.stop()).toBe(0);
  expect(await processor.stop()).toBe(0);
  expect([...new Set(identity.asked)]).toEqual(['https://database.windows.net']);
});

test('without an identity it ends with 1 and one line that says what to do', async () => {
  await using pipeline = await Pipeline.onStandIns();
  const ingester = pipeline.run('ingester', await pipeline.config({ tables: ['T'] }), {
    // Of the chain only this one: another may find somebody on the machine of a developer.
    AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential',
    AZURE_CLIENT_ID: undefined,
    DSTREAM_DB_CONNECTION_STRING: signedInBy('Active Directory Default', pipeline),
  });
  expect(await ingester.ended).toBe(1);
  const errors = ingester.logs.filter((line) => line.includes('"level":"error"'));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(/Unauthorized.*cannot sign in to Microsoft Entra ID.*AZURE_TENANT_ID/);
  expect(ingester.logs.join('\n')).not.toMatch(/\n?\s+at .*\.(ts|js|cjs|mjs):\d+/);
});

import { describe, expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';
import type { DStreamProcess } from '../support/dstream-process.ts';

/** What a person sees, as one text. */
function said(process: DStreamProcess): string {
  return process.logs.join('\n');
}

function expectNoTrace(process: DStreamProcess): void {
  expect(said(process)).not.toMatch(/\n?\s+at .*\.(ts|js|cjs|mjs):\d+/);
  expect(said(process)).not.toContain('node:internal');
}

function errorLines(process: DStreamProcess): readonly string[] {
  return process.logs.filter((line) => line.includes('"level":"error"'));
}

describe('what a person must mend ends the process', () => {
  test('a wrong configuration exits 2 and says file, line and key', async () => {
    await using pipeline = await Pipeline.start();
    const text = pipeline.configText({ tables: ['T'] }).replace('poll_interval     =', 'pol_interval     =');
    const ingester = pipeline.run('ingester', await pipeline.file('wrong.hcl', text));
    expect(await ingester.ended).toBe(2);
    expect(said(ingester)).toMatch(/wrong\.hcl:7: .*pol_interval.*poll_interval/);
    expectNoTrace(ingester);
  });

  test('a wrong password exits 1 without showing the password', async () => {
    await using pipeline = await Pipeline.start();
    const wrong = pipeline.env.DSTREAM_DB_CONNECTION_STRING.replace(
      /Password=[^;]*/i,
      'Password=Not-The-One',
    );
    const config = await pipeline.config({ tables: ['T'] });
    const ingester = pipeline.run('ingester', config, { DSTREAM_DB_CONNECTION_STRING: wrong });
    expect(await ingester.ended).toBe(1);
    expect(errorLines(ingester)).toHaveLength(1);
    expect(said(ingester)).toContain('LoginFailed');
    expect(said(ingester)).not.toContain('Not-The-One');
    expectNoTrace(ingester);
  });

  test('a certificate that is not trusted is a wrong configuration, and exits 2 though it is found while running', async () => {
    await using pipeline = await Pipeline.onStandIns();
    const strict = pipeline.env.DSTREAM_DB_CONNECTION_STRING.replace(
      /Encrypt=[^;]*;|TrustServerCertificate=[^;]*/gi,
      '',
    );
    const config = await pipeline.config({ tables: ['T'] });
    const env = { DSTREAM_DB_CONNECTION_STRING: `${strict};Encrypt=true` };
    const ingester = pipeline.run('ingester', config, env);
    expect(await ingester.ended).toBe(2);
    expect(said(ingester)).toContain('the certificate of SQL Server');
    expectNoTrace(ingester);
  });

  test('a missing database exits 1', async () => {
    await using pipeline = await Pipeline.start();
    const wrong = pipeline.env.DSTREAM_DB_CONNECTION_STRING.replace(/Database=[^;]*/i, 'Database=nowhere');
    const config = await pipeline.config({ tables: ['T'] });
    const ingester = pipeline.run('ingester', config, { DSTREAM_DB_CONNECTION_STRING: wrong });
    expect(await ingester.ended).toBe(1);
    expect(said(ingester)).toContain('nowhere');
    expectNoTrace(ingester);
  });

  test('a missing topic exits 1, for the ingester and for the processor', async () => {
    const entities = { UserConfig: { Namespaces: [{ Name: 'sbemulatorns', Topics: [], Queues: [] }] } };
    await using pipeline = await Pipeline.start({ entities });
    const config = await pipeline.config({ tables: ['T'], topic: 'dstream-test-missing' });
    const processes = [pipeline.run('ingester', config), pipeline.run('processor', config)];
    for (const process of processes) {
      expect(await process.ended).toBe(1);
      expect(said(process)).toContain('dstream-test-missing');
      expectNoTrace(process);
    }
  });
});

describe('what may come back is waited for', () => {
  test('an unreachable server is one error line, and a stop ends the waiting cleanly', async () => {
    await using pipeline = await Pipeline.start();
    const gone = pipeline.env.DSTREAM_DB_CONNECTION_STRING.replace(/Server=[^;]*/i, 'Server=127.0.0.1,9');
    const config = await pipeline.config({ tables: ['T'] });
    const ingester = pipeline.run('ingester', config, { DSTREAM_DB_CONNECTION_STRING: gone });
    await ingester.logged('connecting to database');
    expect(await ingester.stop()).toBe(0);
    expect(errorLines(ingester)).toHaveLength(1);
    expectNoTrace(ingester);
  });

  test('a missing and an uncaptured table are faults of theirs, and the others go on', async () => {
    await using pipeline = await Pipeline.start();
    await createCapturedTable(pipeline.database, 'Good');
    await pipeline.database.query('CREATE TABLE dbo.Plain (Id int NOT NULL PRIMARY KEY)');
    const config = await pipeline.config({ tables: ['Good', 'Plain', 'Missing'] });
    const server = pipeline.run('server', config);
    await server.logged('TableNotCaptured');
    await server.logged('TableNotFound');
    await insertRows(pipeline.database, 'Good', { from: 1, to: 10 });
    await pipeline.arrivedDistinct(10);
    expect(await server.stop()).toBe(0);
    expectNoTrace(server);
  });

  test('a database without CDC is a fault of its tables, until CDC is enabled', async () => {
    await using pipeline = await Pipeline.start();
    await pipeline.database.query('CREATE TABLE dbo.T (Id int NOT NULL PRIMARY KEY)');
    const server = pipeline.run('server', await pipeline.config({ tables: ['T'] }));
    await server.logged('CdcNotEnabled');
    await pipeline.database.query('EXEC sys.sp_cdc_enable_db');
    await pipeline.database.query(
      `EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'T', @role_name = NULL`,
    );
    await pipeline.database.query('INSERT INTO dbo.T (Id) VALUES (1)');
    await pipeline.arrivedDistinct(1);
    expect(await server.stop()).toBe(0);
  });
});

/** `dstream plan` against the pipeline that it speaks of. */
import { describe, expect, test } from 'vitest';
import type { PlanDocument } from '../../apps/dstream/src/plan/plan-document.ts';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';
import { runDstream } from '../support/status-command.ts';

async function plan(pipeline: Pipeline, ...args: readonly string[]) {
  const { code, out, err } = await runDstream(['plan', ...args], { env: pipeline.env });
  expect(err).toBe('');
  expect(out.trimEnd()).not.toContain('\n');
  return { code, plan: JSON.parse(out) as PlanDocument };
}

const output = `
  output "orders" {
    type              = "azure_service_bus"
    connection_string = "{{ env "DSTREAM_PUBLISHER_CONNECTION_STRING" }}"
  }
  output "archive" {
    type = "file"
    path = "{{ schema }}.{{ table }}.jsonl"
  }
`;

const routing = `
  transform "people" {
    type = "columns"
    match {
      tables = ["Persons"]
    }
    drop = ["Notes"]
  }
  route "rest" {
    match {
      tables = ["Missing"]
    }
    outputs = ["archive"]
  }
`;

function configText(pipeline: Pipeline, tables: readonly string[]): string {
  return pipeline.configText({ tables }).replace(/ {2}output \{[^}]*\}/, output);
}

describe('a plan', () => {
  test('names every table with capture instance, session and destinations, as they will be', async () => {
    await using pipeline = await Pipeline.onStandIns();
    await createCapturedTable(pipeline.database, 'Persons');
    const text = configText(pipeline, ['persons', 'Missing']).replace(
      'output "orders"',
      `${routing}output "orders"`,
    );
    const config = await pipeline.file('dstream.hcl', text);
    const { code, plan: found } = await plan(pipeline, '--config', config);
    expect(code).toBe(1);
    expect(found).toMatchObject({
      offline: false,
      source: { name: 'e2e', database: 'shop', topic: 'ingest-topic' },
      subscription: { topic: 'ingest-topic', subscription: 'dstream' },
      outputs: [
        { name: 'orders', type: 'azure_service_bus', required: true },
        { name: 'archive', type: 'file', required: true },
      ],
      transforms: [{ name: 'people', type: 'columns' }],
    });
    expect(found.tables).toEqual([
      {
        table: 'dbo.Persons',
        captureInstances: ['dbo_Persons'],
        sessions: ['e2e/shop/dbo.Persons'],
        transforms: ['people'],
        destinations: { orders: 'e2e.shop.persons.events', archive: 'dbo.Persons.jsonl' },
        fault: null,
      },
      expect.objectContaining({
        table: 'dbo.Missing',
        captureInstances: null,
        transforms: [],
        destinations: { archive: 'dbo.Missing.jsonl' },
        fault: { code: 'TableNotFound', message: expect.stringContaining('Missing') },
      }),
    ]);

    const server = pipeline.run('server', await pipeline.config({ tables: ['Persons'] }));
    await insertRows(pipeline.database, 'Persons', { from: 1, to: 1 });
    await pipeline.arrivedDistinct(1);
    expect(pipeline.arrived[0]?.metadata).toMatchObject({
      server: 'e2e',
      database: 'shop',
      table: 'Persons',
    });
    expect(await server.stop()).toBe(0);
  });

  test('of rows that are ordered by key names every session', async () => {
    await using pipeline = await Pipeline.onStandIns();
    await createCapturedTable(pipeline.database, 'T');
    const config = await pipeline.config({
      tables: ['dbo.*'],
      ingester: 'ordering = "key"\n  key_sessions = 2',
    });
    const { code, plan: found } = await plan(pipeline, '--config', config);
    expect(code).toBe(0);
    expect(found.tables.map(({ table, sessions }) => [table, sessions])).toEqual([
      ['dbo.T', ['e2e/shop/dbo.T/0', 'e2e/shop/dbo.T/1', 'e2e/shop/dbo.T']],
    ]);
  });

  test('is made offline without the database, which says what it cannot know', async () => {
    await using pipeline = await Pipeline.onStandIns();
    const config = await pipeline.file('dstream.hcl', configText(pipeline, ['persons', 'sales.*']));
    const gone = pipeline.env.DSTREAM_DB_CONNECTION_STRING.replace(/Server=[^;]*/i, 'Server=nowhere.invalid');
    const env = { ...pipeline.env, DSTREAM_DB_CONNECTION_STRING: gone };
    const offline = await runDstream(['plan', '--config', config, '--offline'], { env });
    expect([offline.code, offline.err]).toEqual([0, '']);
    const found = JSON.parse(offline.out) as PlanDocument;
    expect(
      found.tables.map(({ table, captureInstances, destinations }) => [
        table,
        captureInstances,
        destinations,
      ]),
    ).toEqual([
      ['dbo.persons', null, { orders: 'e2e.shop.persons.events', archive: 'dbo.persons.jsonl' }],
      ['sales.*', null, { orders: null, archive: null }],
    ]);
    expect(found.notes).toEqual([expect.stringContaining('sales.*')]);

    const online = await runDstream(['plan', '--config', config], { env });
    expect([online.code, online.out]).toEqual([1, '']);
    expect(online.err).toMatch(/^dstream: SQL Server at nowhere\.invalid/);
  });
});

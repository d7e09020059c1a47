import { expect, test } from 'vitest';
import type { PlanDocument, PlanTable } from './plan-document.ts';
import { planLines } from './plan-lines.ts';

const table = (name: string, more: Partial<PlanTable> = {}): PlanTable => ({
  table: `dbo.${name}`,
  captureInstances: [`dbo_${name}`],
  sessions: [`db1/shop/dbo.${name}`],
  transforms: [],
  destinations: { orders: `db1.shop.${name.toLowerCase()}.events` },
  fault: null,
  ...more,
});

const plan: PlanDocument = {
  file: 'dstream.hcl',
  offline: false,
  source: { name: 'db1', server: 'db1', database: 'shop', mode: 'functions', topic: 'ingest-topic' },
  tables: [
    table('A'),
    table('B', { captureInstances: ['dbo_B', 'dbo_B2'], sessions: ['s/0', 's/1', 's'] }),
    table('C', { captureInstances: null, fault: { code: 'TableNotFound', message: 'it does not exist' } }),
  ],
  subscription: { topic: 'ingest-topic', subscription: 'dstream' },
  transforms: [],
  outputs: [{ name: 'orders', type: 'azure_service_bus', required: false }],
  notes: ['a note'],
};

test('a plan shows what is read, its session, and where it goes', () => {
  expect(planLines(plan, { width: 120 })).toEqual([
    'reads shop on db1 (source db1, mode functions)',
    'sends to topic ingest-topic',
    'receives from topic ingest-topic, subscription dstream',
    'output orders (azure_service_bus, not required)',
    '',
    'TABLE  CAPTURE INSTANCE  SESSION         ORDERS',
    'dbo.A  dbo_A             db1/shop/dbo.A  db1.shop.a.events',
    'dbo.B  dbo_B, dbo_B2     s/0 (+2)        db1.shop.b.events',
    'dbo.C  TableNotFound     db1/shop/dbo.C  db1.shop.c.events',
    '',
    '! dbo.C: TableNotFound: it does not exist',
    '! a note',
  ]);
});

test('offline there is no capture instance to show, and no destination of a pattern', () => {
  const [pattern] = [table('*', { captureInstances: null, sessions: [], destinations: { orders: null } })];
  expect(
    planLines({ ...plan, offline: true, tables: [pattern], notes: [] }, { width: 120 }).slice(5, 7),
  ).toEqual(['TABLE  SESSION  ORDERS', 'dbo.*  –        –']);
});

test('transforms have a column where there are some, and an output that the routes exclude has no destination', () => {
  const transforms = [
    { name: 'mask', type: 'columns' },
    { name: 'large', type: 'filter' },
  ];
  const tables = [table('A', { transforms: ['mask', 'large'] }), table('B', { destinations: {} })];
  const lines = planLines({ ...plan, transforms, tables, notes: [] }, { width: 120 });
  expect(lines[3]).toBe('transforms: mask (columns), large (filter)');
  expect(lines.slice(6, 9)).toEqual([
    'TABLE  CAPTURE INSTANCE  SESSION         TRANSFORMS   ORDERS',
    'dbo.A  dbo_A             db1/shop/dbo.A  mask, large  db1.shop.a.events',
    'dbo.B  dbo_B             db1/shop/dbo.B  –            –',
  ]);
});

test('where a column for each output does not fit, each destination has a line', () => {
  const names = ['orders', 'archive', 'hook', 'hub', 'audit'];
  const outputs = names.map((name) => ({ name, type: 'file', required: true }));
  const destinations = (table: string) =>
    Object.fromEntries(names.map((name) => [name, `${name}/${table}.jsonl`]));
  const tables = [
    table('A', { destinations: destinations('dbo.A') }),
    table('B', { destinations: { hook: 'https://example.org/b', hub: null } }),
    table('C', { destinations: {} }),
  ];
  const lines = planLines({ ...plan, outputs, tables, notes: [] }, { width: 80 });
  expect(lines.slice(lines.indexOf('') + 1)).toEqual([
    'TABLE  CAPTURE INSTANCE  SESSION',
    'dbo.A  dbo_A             db1/shop/dbo.A',
    'dbo.B  dbo_B             db1/shop/dbo.B',
    'dbo.C  dbo_C             db1/shop/dbo.C',
    '',
    'TABLE  OUTPUT   DESTINATION',
    'dbo.A  orders   orders/dbo.A.jsonl',
    'dbo.A  archive  archive/dbo.A.jsonl',
    'dbo.A  hook     hook/dbo.A.jsonl',
    'dbo.A  hub      hub/dbo.A.jsonl',
    'dbo.A  audit    audit/dbo.A.jsonl',
    'dbo.B  hook     https://example.org/b',
    'dbo.B  hub      –',
    'dbo.C  –        –',
    '',
  ]);
  expect(planLines({ ...plan, outputs, tables }, { width: 200 }).join('\n')).not.toContain('DESTINATION');
});

/** docs/messages.md shows changes in every envelope: as the envelopes make them. */
import { readFile } from 'node:fs/promises';
import { encodeEnvelope, silentLog, type ChangeEvent, type Position, type RoutedEvent } from '@dstream/core';
import { expect, test } from 'vitest';
import { textOf } from '../../../../test/support/publisher-rig.ts';
import { cloudEventsEnvelope } from './cloud-events.ts';
import { debeziumEnvelope } from './debezium.ts';
import { plainEnvelope } from './plain.ts';
import type { Encode } from './with-envelope.ts';

const page = await readFile(new URL('../../../../docs/messages.md', import.meta.url), 'utf8');

const settings = { wrapper: false, tombstones: true, bigint: [] };
const clock = { wallMs: () => Date.parse('2026-11-20T09:15:31.417Z') };
const envelopes: Readonly<Record<string, Encode>> = {
  '`dstream`': (routed) => routed,
  '`debezium`': debeziumEnvelope(settings, clock),
  '`cloudevents`, structured': cloudEventsEnvelope('structured'),
  '`cloudevents`, binary': cloudEventsEnvelope('binary'),
  '`plain`': plainEnvelope(silentLog),
};

type Shown = 'insert' | 'update' | 'delete';
const operations: readonly Shown[] = ['insert', 'update', 'delete'];
const images = {
  insert: { data: { ID: 180, FirstName: 'Dina' } },
  update: { data: { ID: 180, FirstName: 'Diana' }, before: { ID: 180, FirstName: 'Dina' } },
  delete: { data: { ID: 180, FirstName: 'Diana' } },
} as const;

/** As `docs/messages.md` has it in "One change". */
function routed(operation: Shown): RoutedEvent {
  const event: ChangeEvent = {
    ...images[operation],
    metadata: {
      version: 2,
      id: 'db1/shop/dbo.Persons:0000002A000001F80003:0000002A000001F80002:4',
      source: 'sqlserver',
      server: 'db1',
      database: 'shop',
      schema: 'dbo',
      table: 'Persons',
      operation,
      key: { ID: 180 },
      ...(operation === 'update' && { changed: ['FirstName'] }),
      origin: {
        captureInstance: 'dbo_Persons',
        lsn: '0x0000002A000001F80003',
        seqval: '0x0000002A000001F80002',
      },
      sequence: 7,
      committedAt: '2026-11-20T09:15:30.123Z',
      position: '0000002A000001F80003:0000000007' as Position,
    },
  };
  const line = encodeEnvelope(event, { generation: 1_795_166_130_123, epoch: 3 });
  return { event, line: Buffer.from(line), orderingKey: 'db1/shop/dbo.Persons' };
}

/** A body, short enough for a table: what does not differ between operations is left out. */
function shortened(body: string): string {
  if (body === '') return '_no body_';
  const short = body
    .replace(/"metadata":\{.*"operation":("\w+"),.*"epoch":3\}/, '"metadata":{"operation":$1,…}')
    .replace(/"source":\{.*?\}/, '"source":{…}')
    .replace(/"transaction":null,("op":"\w"),.*\}/, '$1,…}')
    .replace(/"id":.*("type":"[\w.]+"),.*?"data":/, '$1,…,"data":');
  return `\`${short}\``;
}

function cell({ attributes, ...made }: RoutedEvent): string {
  const body = shortened(textOf(made));
  return attributes === undefined ? body : `\`type\`: \`${attributes['type']}\`, …<br>${body}`;
}

const rows = Object.entries(envelopes).map(([name, encode]) => {
  const cells = operations.map((operation) => [encode(routed(operation))].flat().map(cell).join('<br>'));
  return `| ${name} | ${cells.join(' | ')} |`;
});

test('the page puts an insert, an update and a delete in all envelopes side by side', () => {
  const table = ['| `envelope` | insert | update | delete |', '|---|---|---|---|', ...rows].join('\n');
  expect(section()).toContain(table);
});

test.each(['debezium', 'cloudevents'] as const)('the page has a whole update in the envelope %s', (name) => {
  const encode = envelopes[name === 'debezium' ? '`debezium`' : '`cloudevents`, structured'];
  const [body = ''] = [encode?.(routed('update')) ?? []].flat().map(textOf);
  const blocks = [...section().matchAll(/```json\n(.*?)```/gs)].map(([, text = '']) => text);
  expect(blocks.map(exactJson)).toContainEqual(exactJson(body));
});

/** Numbers as their digits: some are beyond what a double holds. */
function exactJson(text: string): unknown {
  return JSON.parse(text, (_, value: unknown, { source }: { readonly source?: string } = {}) =>
    typeof value === 'number' ? source : value,
  );
}

function section(): string {
  return page.split('\n## Envelopes\n')[1]?.split('\n## ')[0] ?? '';
}

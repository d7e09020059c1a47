import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChangeEvent, ChangeMetadata } from '@dstream/core';
import { aChange } from '../../../../test/support/a-change.ts';
import {
  destinationNames,
  eventHubNames,
  nameTemplate,
  plannedNames,
  serviceBusNames,
} from './destination-name.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const template = '{{ server }}.{{ database }}.{{ table }}.events';
const persons = { server: 'db1.example.com', database: 'Shop', schema: 'dbo', table: 'Persons' };

const named = (table: Partial<typeof persons>, of = template, rules = eventHubNames) =>
  destinationNames(of, rules, hash)(aChange(1, { ...persons, ...table }));

describe('the name of a destination', () => {
  test('is that of the original: server, database and table in lower case', () => {
    expect(named({})).toBe('db1.example.com.shop.persons.events');
  });

  test('has the schema where the template asks for it, and the text of the template in lower case', () => {
    expect(named({}, 'CDC/{{ schema }}-{{table}}', serviceBusNames)).toBe('cdc/dbo-persons');
  });

  test('is a plain name for every table, as it is written, when the template is one', () => {
    expect(named({ table: 'any thing' }, 'Changes')).toBe('Changes');
  });

  test('has what it cannot hold replaced, and a hash that tells such names apart', () => {
    expect(named({ table: 'Order Details' })).toMatch(
      /^db1\.example\.com\.shop\.order_details\.events-[0-9a-f]{16}$/,
    );
    const names = ['Order Details', 'Order/Details', 'Order.Details', 'Order_Details', 'Örder Details'];
    expect(new Set(names.map((table) => named({ table }))).size).toBe(names.length);
  });

  test('has no dot of a table, because a dot separates parts', () => {
    expect(named({ database: 'a', table: 'b.c' })).not.toBe(named({ database: 'a.b', table: 'c' }));
  });

  test('knows where one part ends also when the template does not separate them', () => {
    const of = '{{ database }}{{ table }}';
    expect(named({ database: 'aé', table: 'b' }, of)).not.toBe(named({ database: 'a', table: 'éb' }, of));
  });

  test('replaces instance and port of a server', () => {
    expect(named({ server: 'db1\\SQL,1434' }, '{{ server }}')).toMatch(/^db1_sql_1434-[0-9a-f]{16}$/);
  });

  test('begins and ends with a letter or digit', () => {
    expect(named({ table: '_x_' }, '{{ table }}')).toMatch(/^x_x_-[0-9a-f]{16}$/);
    expect(named({ table: 'x_' }, '{{ table }}')).toMatch(/^x_-[0-9a-f]{16}$/);
  });

  test('is cut to what the service takes, and the hash tells apart what was cut', () => {
    const long = (end: string) => named({ table: `${'t'.repeat(300)}${end}` });
    expect(long('a')).toHaveLength(256);
    expect(long('a')).not.toBe(long('b'));
    expect(named({ table: 't'.repeat(300) }, template, serviceBusNames)).toHaveLength(260);
    expect(named({ table: 't'.repeat(256) }, '{{ table }}')).toBe('t'.repeat(256));
  });

  test('is the same for the same table, whichever came before', () => {
    const names = destinationNames(template, eventHubNames, hash);
    const name = (table: typeof persons) => names(aChange(1, table));
    const [first, second] = [name(persons), name({ ...persons, table: 'Cars' })];
    expect(second).toBe('db1.example.com.shop.cars.events');
    expect(name({ ...persons })).toBe(first);
    expect(named({})).toBe(first);
  });

  test.each(['server', 'database', 'schema', 'table'] as const)('changes when only the %s does', (part) => {
    const names = destinationNames(`{{ ${part} }}`, eventHubNames, hash);
    const name = (table: typeof persons) => names(aChange(1, table));
    expect([name(persons), name({ ...persons, [part]: 'other' }), name(persons)]).toEqual([
      persons[part].toLowerCase(),
      'other',
      persons[part].toLowerCase(),
    ]);
  });

  test('is possible for the service, and different for different tables, whatever their names', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '.', '_', '-', '/', ' ', 'é'), minLength: 1 });
    const table = fc.record({ server: fc.constant('s'), database: part, schema: part, table: part });
    const of = '{{ database }}.{{ schema }}.{{ table }}';
    const possible = /^(?=.{1,256}$)[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/;
    fc.assert(
      fc.property(table, table, (a, b) => {
        expect(named(a, of)).toMatch(possible);
        expect(named(a, of) === named(b, of)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('the name of a destination, out of a change', () => {
  const of = (text: string, event: Partial<ChangeEvent>, metadata: Partial<ChangeMetadata> = {}) =>
    destinationNames(text, eventHubNames, hash)({ ...aChange(7, { ...persons, ...metadata }), ...event });

  test('has its operation and the values of its columns and key, in lower case', () => {
    const text = '{{ table }}.{{ operation }}.{{ data.Region }}.{{ key.ID }}';
    expect(of(text, { data: { Region: 'EU-West' } }, { operation: 'update', key: { ID: 12 } })).toBe(
      'persons.update.eu-west.12',
    );
    expect(of('x.{{data.Paid}}', { data: { Paid: false } })).toBe('x.false');
  });

  test('finds a column in any case, the exact one first', () => {
    expect(of('{{ data.region }}', { data: { REGION: 'a' } })).toBe('a');
    expect(of('{{ data.region }}', { data: { REGION: 'a', region: 'b' } })).toBe('b');
    expect(of('{{ data.Order Region }}', { data: { 'Order Region': 'c' } })).toBe('c');
  });

  test('differs from change to change of a table', () => {
    const name = destinationNames('{{ data.N }}', eventHubNames, hash);
    expect([1, 2, 1].map((n) => name(aChange(n)))).toEqual(['1', '2', '1']);
  });

  test('has what it cannot hold replaced, and is cut, with a hash that tells such values apart', () => {
    const values = [
      'a b',
      'a/b',
      'a.b',
      'a_b',
      'ä',
      '{{ table }}',
      '../..',
      'x'.repeat(10_000),
      'x'.repeat(9_999),
    ];
    const names = values.map((Region) => of('r.{{ data.Region }}', { data: { Region } }));
    expect(new Set(names).size).toBe(values.length);
    for (const name of names) expect(name).toMatch(/^(?=.{1,256}$)r\.[a-z0-9._-]*[a-z0-9]$/);
  });

  test.each([
    ['data.Region', { data: { Region: null } }, 'data.Region is NULL'],
    ['data.Region', { data: { Region: '' } }, 'data.Region is empty'],
    ['data.Region', { data: { Other: 1 } }, 'data.Region is missing'],
    ['data.constructor', { data: {} }, 'data.constructor is missing'],
    ['data.Region', { data: null }, 'data.Region is missing, because the change has none'],
  ])('cannot be made without a value: %s of %j', (part, event, why) => {
    expect(() => of(`x.{{ ${part} }}`, event)).toThrow(
      expect.objectContaining({ code: 'Rejected', message: `no destination for change c7: ${why}` }),
    );
  });

  test('cannot be made of a column that CDC did not carry, or of a key that a table has not', () => {
    const unavailable = [{ in: 'data', columns: ['Photo'] }] as const;
    expect(() => of('{{ data.Photo }}', { data: { Photo: null } }, { unavailable })).toThrow(
      'no destination for change c7: data.Photo is not available',
    );
    expect(() => of('{{ key.ID }}', {}, { key: null })).toThrow(
      'key.ID is missing, because the change has none',
    );
  });

  test('is for a plan what the table says, and a template where changes differ', () => {
    const planned = (text: string) =>
      plannedNames(text, eventHubNames, hash)({ ...persons, table: 'Order Details' });
    expect(planned('CDC.{{table}}.{{ data.Region }}')).toBe('cdc.order_details.{{ data.Region }}');
    expect(planned(template)).toBe(named({ table: 'Order Details' }));
    expect(planned('Changes')).toBe('Changes');
  });
});

describe('a name in a configuration file', () => {
  const read = (value: string, rules = eventHubNames) =>
    'value' in
    nameTemplate(rules).read({ value, shown: JSON.stringify(value), fromVariable: false, items: [] });

  test.each([
    template,
    'changes',
    '{{table}}',
    'a.{{ schema }}_{{ table }}-1',
    '{{ operation }}.{{ data.Order Region }}.{{ key.ID }}',
  ])('%s is one', (name) => {
    expect(read(name)).toBe(true);
  });

  test.each(['a b', '.a', '{{ table }}.', 'a/b', 'é', '{{ other }}', '{{ data }}', '{{ data. }}', ''])(
    '%s is none',
    (name) => {
      expect(read(name)).toBe(false);
    },
  );

  test('slashes are for Service Bus, and its names may be longer', () => {
    expect([read('a/{{ table }}', serviceBusNames), read('a'.repeat(260), serviceBusNames)]).toEqual([
      true,
      true,
    ]);
    expect(read('a'.repeat(257))).toBe(false);
  });
});

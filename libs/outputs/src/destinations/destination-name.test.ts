import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { destinationNames, eventHubNames, nameTemplate, serviceBusNames } from './destination-name.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const template = '{{ server }}.{{ database }}.{{ table }}.events';
const persons = { server: 'db1.example.com', database: 'Shop', schema: 'dbo', table: 'Persons' };

const named = (table: Partial<typeof persons>, of = template, rules = eventHubNames) =>
  destinationNames(of, rules, hash)({ ...persons, ...table });

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
    const name = destinationNames(template, eventHubNames, hash);
    const [first, second] = [name(persons), name({ ...persons, table: 'Cars' })];
    expect(second).toBe('db1.example.com.shop.cars.events');
    expect(name({ ...persons })).toBe(first);
    expect(destinationNames(template, eventHubNames, hash)(persons)).toBe(first);
  });

  test.each(['server', 'database', 'schema', 'table'] as const)('changes when only the %s does', (part) => {
    const name = destinationNames(`{{ ${part} }}`, eventHubNames, hash);
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

describe('a name in a configuration file', () => {
  const read = (value: string, rules = eventHubNames) =>
    'value' in
    nameTemplate(rules).read({ value, shown: JSON.stringify(value), fromVariable: false, items: [] });

  test.each([template, 'changes', '{{table}}', 'a.{{ schema }}_{{ table }}-1'])('%s is one', (name) => {
    expect(read(name)).toBe(true);
  });

  test.each(['a b', '.a', '{{ table }}.', 'a/b', 'é', '{{ other }}', ''])('%s is none', (name) => {
    expect(read(name)).toBe(false);
  });

  test('slashes are for Service Bus, and its names may be longer', () => {
    expect([read('a/{{ table }}', serviceBusNames), read('a'.repeat(260), serviceBusNames)]).toEqual([
      true,
      true,
    ]);
    expect(read('a'.repeat(257))).toBe(false);
  });
});

/** Names of tables as values of a configuration. */
import { faulty, sound, textOf, type Fault, type Given, type ValueType } from '@dstream/config/schema';
import { formatTableName, parseTableName, type TableName } from './table-name.ts';

const tableNameAdvice = 'write "Table", "schema.Table", "schema.*" or "[odd.schema].[my table]"';

export const tableName: ValueType<TableName> = {
  expected: 'name of a table',
  blank: { schema: '', table: '' },
  read: (given) => {
    const value = textOf(given);
    if (value === undefined)
      return faulty(`${given.shown} is not a name of a table`, 'write it in double quotes');
    const name = parseTableName(value);
    return name === undefined
      ? faulty(`${given.shown} is not a name of a table`, tableNameAdvice)
      : sound(name);
  },
};

/** A list of tables, at least one and none twice. */
export const tableNames: ValueType<readonly TableName[]> = {
  expected: 'list of names of tables',
  blank: [],
  read: (given) => {
    if (!Array.isArray(given.value)) return faulty(`${given.shown} is not a list`, listAdvice(given));
    if (given.items.length === 0)
      return faulty('the list is empty', 'name at least one table, as in ["Persons"]');
    const results = given.items.map((item) => tableName.read(item));
    const names = results.map((result) => ('value' in result ? result.value : undefined));
    const faults = results.flatMap((result, item) =>
      'faults' in result ? result.faults.map((fault) => ({ ...fault, item })) : repeated(names, item),
    );
    return faults.length > 0 ? { faults } : sound(names.filter((name) => name !== undefined));
  },
};

function listAdvice(given: Given): string {
  const value = textOf(given);
  return value !== undefined && given.shown.startsWith('"') ? `write [${given.shown}]` : 'write ["Persons"]';
}

function isSame(a: TableName | undefined, b: TableName | undefined): boolean {
  return a !== undefined && b !== undefined && formatTableName(a) === formatTableName(b);
}

function repeated(names: readonly (TableName | undefined)[], item: number): readonly Fault[] {
  const name = names[item];
  const first = names.findIndex((other) => isSame(other, name));
  if (name === undefined || first === item) return [];
  return [{ item, wrong: `${formatTableName(name)} is listed twice`, right: 'name every table once' }];
}

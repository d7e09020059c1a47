/** Names of tables as values of a configuration. */
import { faulty, listOf, sound, textOf, type ValueType } from '@dstream/config/schema';
import { formatTableName, parseTableName, type TableName } from './table-name.ts';

const tableNameAdvice = 'write "Table", "schema.Table", "schema.*" or "[odd.schema].[my table]"';

export const tableName: ValueType<TableName> = {
  expected: 'table name',
  blank: { schema: '', table: '' },
  read: (given) => {
    const value = textOf(given);
    if (value === undefined) return faulty(`${given.shown} is not a table name`, 'write it in double quotes');
    const name = parseTableName(value);
    return name === undefined ? faulty(`${given.shown} is not a table name`, tableNameAdvice) : sound(name);
  },
};

export const tableNames = listOf(tableName, {
  what: 'table names',
  one: 'table',
  example: '["Persons"]',
  key: formatTableName,
});

/** Names of tables, as text and as values of a configuration. */
import { faulty, listOf, sound, textOf, type ValueType } from '@dstream/config/schema';

/** A table, or with `pattern` all captured tables of a schema. In the spelling of the file; the catalogue has the right one. */
export type TableName =
  { readonly schema: string; readonly table: string } | { readonly schema: string; readonly pattern: '*' };

/** A part in brackets, where `]]` means `]`, or one without brackets that has no dot, bracket or outer space. */
const part = String.raw`\[((?:[^\]]|\]\])+)\]|([^\s.[\]"'*](?:[^.[\]"'*]*[^\s.[\]"'*])?)`;
const form = new RegExp(String.raw`^(?:(?:${part})\.)?(?:${part}|(\*))$`, 'u');

/** SQL Server's sysname: at most 128 UTF-16 units. */
const maxLength = 128;

/**
 * `Table` (of dbo), `schema.Table`, `schema.*`, `[odd.schema].[my table]`. Undefined for anything else, `*` alone
 * included, because its schema is missing.
 */
export function parseTableName(text: string): TableName | undefined {
  const found = form.exec(text.trim());
  if (found === null) return undefined;
  const [, bracketedSchema, plainSchema, bracketedTable, plainTable, star] = found;
  const schema = unescapeBrackets(bracketedSchema) ?? plainSchema;
  if (star !== undefined) return schema === undefined ? undefined : { schema, pattern: '*' };
  const table = unescapeBrackets(bracketedTable) ?? plainTable ?? '';
  if (table.length > maxLength || (schema?.length ?? 0) > maxLength) return undefined;
  return { schema: schema ?? 'dbo', table };
}

function unescapeBrackets(text: string | undefined): string | undefined {
  return text?.replaceAll(']]', ']');
}

/** One spelling of every name: `dbo.Persons`, `sales.*`, `[odd.schema].[my table]`. */
export function formatTableName(name: TableName): string {
  const last = 'pattern' in name ? name.pattern : bracketed(name.table);
  return `${bracketed(name.schema)}.${last}`;
}

/** As SQL Server's QUOTENAME, where the name needs it. */
function bracketed(text: string): string {
  return /^[\p{L}_@#][\p{L}\p{N}_@#$]*$/u.test(text) ? text : `[${text.replaceAll(']', ']]')}]`;
}

const tableNameAdvice = 'write "Table", "schema.Table", "schema.*" or "[odd.schema].[my table]"';

/** The type of a key that holds one name. */
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

/** The type of a key that holds at least one name, none twice. */
export const tableNames = listOf(tableName, {
  what: 'table names',
  one: 'table',
  example: '["Persons"]',
  key: formatTableName,
});

/** A table, or with `pattern` all captured tables of a schema. In the spelling of the file, which the catalogue corrects. */
export type TableName =
  { readonly schema: string; readonly table: string } | { readonly schema: string; readonly pattern: '*' };

/** A part in brackets, where `]]` stands for `]`, or one without that holds no dot, bracket or outer space. */
const part = String.raw`\[((?:[^\]]|\]\])+)\]|([^\s.[\]"'*](?:[^.[\]"'*]*[^\s.[\]"'*])?)`;
const form = new RegExp(String.raw`^(?:(?:${part})\.)?(?:${part}|(\*))$`, 'u');

/** SQL Server's sysname: at most 128 UTF-16 units. */
const maxLength = 128;

/**
 * `Table` (of dbo), `schema.Table`, `schema.*`, `[odd.schema].[my table]`. Undefined for anything else, `*` alone
 * included: it does not say of which schema.
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

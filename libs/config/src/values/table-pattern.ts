/** Patterns of tables: `Orders` (in dbo), `sales.*`, `dbo.Order*`, `[odd.schema].[my table]`. */

const part = String.raw`(\[(?:[^\]]|\]\])+\]|[^.[\]]+)`;
const qualified = new RegExp(`^(?:${part}\\.)?${part}$`);

/** With its schema and without brackets, as the matcher of `@dstream/core` takes it. Undefined for what is no pattern. */
export function parseTablePattern(text: string): string | undefined {
  if (text === '*') return '*.*';
  const [, schema = 'dbo', table] = qualified.exec(text) ?? [];
  return table === undefined ? undefined : `${withoutBrackets(schema)}.${withoutBrackets(table)}`;
}

function withoutBrackets(name: string): string {
  return name.startsWith('[') ? name.slice(1, -1).replaceAll(']]', ']') : name;
}

import { defineTransform, listOf, optional, text } from '@dstream/config/schema';

const column = text({
  what: 'a column name',
  pattern: /^.{1,128}$/su,
  right: 'write at most 128 characters',
});
const columns = listOf(column, {
  what: 'column names',
  one: 'column',
  example: '["Notes"]',
  key: (name) => name,
});

/** `transform { type = "columns" }`. */
export const columnsType = defineTransform({
  type: 'columns',
  doc: 'Removes columns.',
  keys: { drop: optional(columns, 'none', 'Columns to remove.') },
  settings: ({ values }) => ({ drop: values.drop ?? [] }),
  hides: ({ drop }) => drop.length > 0,
  open: async (settings) => {
    const { ColumnsTransform } = await import('./columns-transform.ts');
    return new ColumnsTransform(settings);
  },
});

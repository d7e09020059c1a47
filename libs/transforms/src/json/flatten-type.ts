import { choice, defineTransform, required, text, wholeNumber, withDefault } from '@dstream/config/schema';
import { jsonColumns } from './json-columns.ts';

const separator = text({
  what: 'a separator',
  pattern: /^[^\s"]{1,8}$/,
  right: 'write 1 to 8 characters without spaces',
});

/** `transform { type = "flatten" }`. */
export const flattenType = defineTransform({
  type: 'flatten',
  doc: 'Makes columns of the fields of JSON objects: `Details` with `{"a":{"b":1}}` becomes `Details_a_b`.',
  keys: {
    columns: required(
      jsonColumns,
      'Columns that hold JSON; the case of names is ignored. Lists, plain values and NULL stay in the column; text that is not JSON is an error of its change.',
    ),
    separator: withDefault(separator, '_', 'Between the names of the column and its fields.'),
    depth: withDefault(
      wholeNumber({ min: 1, max: 24 }),
      24,
      'How many levels of objects become columns. What is deeper stays one column, as JSON text.',
    ),
    collisions: withDefault(
      choice(['error', 'suffix']),
      'error',
      'What happens when there is a column of that name: "error" fails the change, "suffix" appends the separator and a number.',
    ),
  },
  settings: ({ values: { columns, separator: between, depth, collisions } }) => ({
    columns: new Set(columns.map((name) => name.toLowerCase())),
    separator: between,
    depth,
    collisions,
  }),
  hides: () => false,
  open: async (settings) => {
    const { FlattenTransform } = await import('./flatten-transform.ts');
    return new FlattenTransform(settings);
  },
});

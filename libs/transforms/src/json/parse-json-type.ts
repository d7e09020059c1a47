import { defineTransform, required } from '@dstream/config/schema';
import { jsonColumns } from './json-columns.ts';

/** `transform { type = "parse_json" }`. */
export const parseJsonType = defineTransform({
  type: 'parse_json',
  doc: 'Makes the JSON in text columns part of the change, as lists, objects and values instead of text.',
  keys: {
    columns: required(
      jsonColumns,
      'Text columns that hold JSON; the case of names is ignored. Text that is not JSON is an error of its change; NULL stays NULL.',
    ),
  },
  settings: ({ values }) => ({ columns: new Set(values.columns.map((name) => name.toLowerCase())) }),
  hides: () => false,
  open: async ({ columns }) => {
    const { ParseJsonTransform } = await import('./parse-json-transform.ts');
    return new ParseJsonTransform(columns);
  },
});

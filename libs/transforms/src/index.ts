/**
 * The kinds of transform that DStream has; to add one, see README.md. Importing this loads no library: a definition imports its
 * class when it is opened or checked.
 */
import { columnsType } from './columns/columns-type.ts';
import { filterType } from './filter/filter-type.ts';
import { httpType } from './http/http-type.ts';
import { flattenType } from './json/flatten-type.ts';
import { parseJsonType } from './json/parse-json-type.ts';
import { scriptType } from './script/script-type.ts';

export { celPredicates } from './cel/cel-predicates.ts';

/** Every `type` that a `transform` block may have. */
export const transformTypes = [
  columnsType,
  filterType,
  flattenType,
  httpType,
  parseJsonType,
  scriptType,
] as const;

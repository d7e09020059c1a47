/** The table of types in the README of libs/sources/sqlserver, read. */
import { readFileSync } from 'node:fs';
import type { Value } from '@dstream/core';

export interface TypeExample {
  /** As a column declares it. */
  readonly type: string;
  readonly sql: string;
  readonly value: Value;
}

/** One for every type of a row that has an example. */
export function typesOfReadme(): readonly TypeExample[] {
  const readme = readFileSync(new URL('../../libs/sources/sqlserver/README.md', import.meta.url), 'utf8');
  const [, table = ''] = /## How values arrive\n([^#]*)/.exec(readme) ?? [];
  return [...table.matchAll(/^\| (`[^|]*) \|[^|]*\| `(.+)` → `(.+)` \|$/gm)].flatMap(([, types, sql, json]) =>
    [...(types ?? '').matchAll(/`([^`]+)`/g)].map(([, type]) => ({
      type: type ?? '',
      sql: sql ?? '',
      value: JSON.parse(json ?? '') as Value,
    })),
  );
}

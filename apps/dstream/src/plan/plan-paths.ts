/** Which transforms a table's changes pass, and to which outputs they can go. Pure. */
import type { ProcessorConfig } from '@dstream/config';
import { tableMatcher, type ChangeMatch, type TableId } from '@dstream/core';

/** What a table passes on its way. */
export interface TablePath {
  /** Names of transforms, in the order of the file, that may be given a change of it: operations and columns are conditions. */
  readonly transforms: readonly string[];
  /** Names of outputs that may get a change of it. What a script chooses is not known. */
  readonly outputs: readonly string[];
}

type Paths = Pick<ProcessorConfig, 'transforms' | 'routes' | 'defaultOutputs' | 'outputs'>;
type Route = ProcessorConfig['routes'][number];

/** The path of one table. @param table undefined: of a pattern, whose tables are not known; everything is possible then */
export function pathOf(
  { transforms, routes, defaultOutputs, outputs }: Paths,
  table: TableId | undefined,
): TablePath {
  const all = outputs.map(({ name }) => name);
  const others = defaultOutputs ?? all;
  const matching = routes.filter(({ match }) => mayMatch(match, table));
  const routed = matching.flatMap((route) => route.outputs);
  const takesAll = matching.some((route) => isUnconditional(route, table));
  const possible = new Set([...routed, ...(takesAll ? [] : others)]);
  return {
    transforms: transforms.filter(({ match }) => mayMatch(match, table)).map(({ name }) => name),
    outputs: all.filter((name) => possible.has(name)),
  };
}

function mayMatch({ tables }: ChangeMatch, table: TableId | undefined): boolean {
  return tables === undefined || table === undefined || tableMatcher(tables)(table);
}

/** It takes every change of the table, so that none is left for the default outputs. */
function isUnconditional({ match, when }: Route, table: TableId | undefined): boolean {
  const isOfAll = table !== undefined || match.tables === undefined;
  return isOfAll && match.operations === undefined && match.changed === undefined && when === undefined;
}

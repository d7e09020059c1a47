/** Which checks run, in their order: those of helm leave what they rendered to those after them. */
import type { ForeignClient } from '../foreign/foreign-client.ts';
import { clusterChecks } from './cluster-checks.ts';
import { configChecks } from './config-checks.ts';
import { helm3, helm4 } from './go-tools.ts';
import { helmChecks, type Rendered } from './helm-checks.ts';
import { prometheusChecks } from './prometheus-checks.ts';
import { readmeChecks } from './readme-checks.ts';
import { scoreChecks } from './score-checks.ts';
import { suiteChecks } from './suite-checks.ts';
import { schemaChecks } from './schema-checks.ts';
import { supported } from './schema-files.ts';

export interface Choice {
  readonly all: boolean;
  readonly update: boolean;
}

/** Every check has a limit of its own: together they stay within 20 minutes. With `all` they may take longer. */
export function checks({ all, update }: Choice): readonly Required<ForeignClient>[] {
  const every = [...supported.keys()];
  const ends = every.filter((_, index) => index === 0 || index === every.length - 1);
  const rendered: Rendered[] = [];
  return [
    helmChecks(helm4, all ? every : ends, rendered),
    schemaChecks(rendered),
    configChecks(rendered),
    prometheusChecks(rendered),
    readmeChecks(update),
    ...(all ? [helmChecks(helm3, ends, []), suiteChecks(), scoreChecks(rendered), clusterChecks()] : []),
  ];
}

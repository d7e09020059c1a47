/** Compiled plans by statement. A plan is valid for one version of the catalogue, one database and one set of variables. */
import type { Statement } from '../parser/statement-ast.ts';
import type { Database } from '../storage/database.ts';

export interface PlanKey {
  readonly version: number;
  readonly database: Database;
  readonly signature: string;
  /** Empty for administrators; what others may do is checked when a statement is compiled. */
  readonly user: string;
}

const MOST_A_STATEMENT = 8;

export class PlanCache<T extends object> {
  readonly #plans = new WeakMap<Statement, { readonly key: PlanKey; readonly plan: T }[]>();

  find(statement: Statement, key: PlanKey): T | undefined {
    return this.#plans.get(statement)?.find((entry) => isSame(entry.key, key))?.plan;
  }

  keep(statement: Statement, key: PlanKey, plan: T): void {
    const entries = (this.#plans.get(statement) ?? []).filter((entry) => entry.key.version === key.version);
    this.#plans.set(statement, [...entries.slice(-MOST_A_STATEMENT + 1), { key, plan }]);
  }
}

const isSame = (a: PlanKey, b: PlanKey): boolean =>
  a.version === b.version && a.database === b.database && a.signature === b.signature && a.user === b.user;

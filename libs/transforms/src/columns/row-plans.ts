/** What becomes of whole rows: rules are looked up once for all rows with the same columns. */
import { DStreamError, type Json, type PlainRow, type Row } from '@dstream/core';
import type { ColumnRule, ColumnRules } from './column-rules.ts';

/** Sets of columns that are remembered. */
const maxPlans = 1_000;

/** The plans of one kind of row: of images, or of keys. */
export class RowPlans {
  readonly #rules: ColumnRules;
  readonly #plans = new Map<string, RowPlan>();
  /** Consecutive rows mostly have the same columns: comparing costs a fraction of a look-up. */
  #last: RowPlan | undefined;

  constructor(rules: ColumnRules) {
    this.#rules = rules;
  }

  /**
   * Throws TransformFailed when two columns would leave with one name.
   * @param missing columns that the row does not have, because CDC did not carry them
   */
  planOf(row: Row, missing: readonly string[] = []): RowPlan {
    const columns = Object.keys(row);
    if (missing.length > 0) return this.#recall(columns, missing);
    if (this.#last?.isFor(columns) !== true) this.#last = this.#recall(columns, missing);
    return this.#last;
  }

  #recall(columns: readonly string[], missing: readonly string[]): RowPlan {
    const id = JSON.stringify([columns, missing]);
    const known = this.#plans.get(id);
    if (known !== undefined) return known;
    const rulesOf = (names: readonly string[]) => names.map((name) => this.#rules.ruleOf(name));
    const plan = new RowPlan(rulesOf(columns), rulesOf(missing));
    if (this.#plans.size >= maxPlans) this.#plans.clear();
    this.#plans.set(id, plan);
    return plan;
  }
}

/** What becomes of rows with certain columns. Immutable: made once for many rows. */
export class RowPlan {
  readonly #rules: readonly ColumnRule[];
  /** The first column that no longer tells rows apart. */
  readonly lost: ColumnRule | undefined;
  readonly #kept: readonly (ColumnRule & { readonly to: string })[];
  readonly #isSameNames: boolean;
  readonly #isIdentity: boolean;
  /** A plain assignment to it would set the prototype. */
  readonly #hasProto: boolean;

  /**
   * Throws TransformFailed when two columns leave with one name.
   * @param missing columns that the rows do not have, because CDC did not carry them
   */
  constructor(rules: readonly ColumnRule[], missing: readonly ColumnRule[] = []) {
    checkNames([...rules, ...missing]);
    this.#rules = rules;
    this.lost = rules.find(({ lost }) => lost !== undefined);
    this.#kept = rules.filter((rule) => rule.to !== undefined) as (ColumnRule & { to: string })[];
    this.#isSameNames = rules.every(({ from, to }) => from === to);
    this.#isIdentity = this.#isSameNames && rules.every(({ change }) => change === undefined);
    this.#hasProto = this.#kept.some(({ to }) => to === '__proto__');
  }

  /** Whether it is for rows with exactly these columns. */
  isFor(columns: readonly string[]): boolean {
    if (this.#rules.length !== columns.length) return false;
    for (let n = 0; n < columns.length; n += 1) if (this.#rules[n]?.from !== columns[n]) return false;
    return true;
  }

  /** The same object where nothing changed. */
  apply(row: PlainRow): PlainRow;
  apply(row: Row): Row;
  apply(row: Row): Row {
    if (this.#isIdentity) return row;
    const made: Record<string, Json> = {};
    let isSame = this.#isSameNames;
    for (const rule of this.#kept) {
      const value = row[rule.from] ?? null;
      const now = changed(rule, value);
      isSame &&= now === value;
      if (this.#hasProto) define(made, rule.to, now);
      else made[rule.to] = now;
    }
    return isSame ? row : made;
  }
}

function define(row: Record<string, Json>, name: string, value: Json): void {
  Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
}

function changed({ change }: ColumnRule, value: Json): Json {
  return change === undefined || value === null ? value : change(value);
}

/** A name is taken in any case, unless the table itself has two columns that differ in case alone. */
function checkNames(rules: readonly ColumnRule[]): void {
  const taken = new Map<string, ColumnRule>();
  for (const rule of rules) {
    const { from, to } = rule;
    if (to === undefined) continue;
    const other = taken.get(to.toLowerCase());
    taken.set(to.toLowerCase(), rule);
    if (other === undefined || (from === to && other.from === other.to)) continue;
    throw new DStreamError(
      'TransformFailed',
      `the columns ${other.from} and ${from} would both be named ${to}; rename or drop one of them`,
    );
  }
}

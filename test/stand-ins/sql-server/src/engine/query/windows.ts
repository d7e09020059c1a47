/** Window functions: ROW_NUMBER, RANK, DENSE_RANK, and aggregates over a whole partition. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Expression, FunctionCall, Over } from '../parser/ast.ts';
import type { Values } from '../storage/row.ts';
import { hashKeyOf } from '../values/comparison/hash-key.ts';
import { compileAggregate, isAggregate, type Aggregate } from './aggregates.ts';
import { compileExpression } from './compile-expression.ts';
import type { Compiled } from './compiled.ts';
import { fingerprint } from './fingerprint.ts';
import type { Step } from './from-plan.ts';
import type { Frame } from './run.ts';
import type { Scope } from './scope.ts';
import { compileSortKeys, type SortKeys } from './sort.ts';

interface Window {
  readonly print: string;
  readonly type: SqlType;
  readonly partition: readonly Compiled[];
  readonly sort: SortKeys;
  readonly aggregate?: Aggregate;
  readonly rank?: 'ROW_NUMBER' | 'RANK' | 'DENSE_RANK';
}

interface Kept {
  readonly slots: readonly (Values | undefined)[];
  readonly results: SqlValue[];
}

export class WindowPlan {
  readonly slot: number;
  readonly #scope: Scope;
  readonly #windows: Window[] = [];

  constructor(scope: Scope) {
    this.#scope = scope;
    this.slot = scope.newSlot();
  }

  get used(): boolean {
    return this.#windows.length > 0;
  }

  find(expression: Expression): Compiled | undefined {
    if (expression.kind !== 'call' || expression.over === undefined) return undefined;
    const print = fingerprint(expression, this.#scope);
    let at = this.#windows.findIndex((window) => window.print === print);
    if (at < 0) at = this.#windows.push(this.#compile(expression, expression.over, print)) - 1;
    const { slot } = this;
    return {
      type: this.#windows[at]?.type ?? { name: 'bigint' },
      nullable: true,
      evaluate: (frame) => frame.slots[slot]?.[at] ?? null,
    };
  }

  #compile(call: FunctionCall, over: Over, print: string): Window {
    const name = call.name.join('.').toUpperCase();
    const partition = over.partitionBy.map((expression) => compileExpression(expression, this.#scope));
    const sort = compileSortKeys(
      over.orderBy.map(({ expression, descending }) => ({
        compiled: compileExpression(expression, this.#scope),
        descending,
      })),
      this.#scope.collation,
    );
    if (name === 'ROW_NUMBER' || name === 'RANK' || name === 'DENSE_RANK') {
      if (over.orderBy.length === 0) throw errors.syntax(')', call.line);
      return { print, type: { name: 'bigint' }, partition, sort, rank: name };
    }
    // Running totals are not supported: only a whole partition.
    if (!isAggregate(call) || over.orderBy.length > 0) throw errors.syntaxKeyword('OVER', call.line);
    const aggregate = compileAggregate(call, this.#scope);
    return { print, type: aggregate.type, partition, sort, aggregate };
  }

  apply(rows: Step): Step {
    return (frame) => this.#apply(rows, frame);
  }

  *#apply(rows: Step, frame: Frame): Generator<undefined> {
    const kept: Kept[] = [];
    for (const _ of rows(frame)) kept.push({ slots: [...frame.slots], results: [] });
    this.#windows.forEach((window, index) => this.#work(window, index, kept, frame));
    for (const { slots, results } of kept) {
      restore(frame, slots);
      frame.slots[this.slot] = results;
      yield;
    }
  }

  #work(window: Window, index: number, kept: readonly Kept[], frame: Frame): void {
    const partitions = Map.groupBy(kept, ({ slots }) => {
      restore(frame, slots);
      return hashKeyOf(
        window.partition.map((part) => part.evaluate(frame)),
        this.#scope.collation.caseSensitive,
      );
    });
    for (const rows of partitions.values()) {
      if (window.aggregate === undefined) rank(window, index, rows, frame);
      else total(window.aggregate, index, rows, frame);
    }
  }
}

function restore(frame: Frame, slots: Kept['slots']): void {
  for (let i = 0; i < slots.length; i++) frame.slots[i] = slots[i];
}

function total(aggregate: Aggregate, index: number, rows: readonly Kept[], frame: Frame): void {
  const accumulator = aggregate.start();
  for (const { slots } of rows) {
    restore(frame, slots);
    accumulator.add(frame);
  }
  const result = accumulator.result();
  for (const { results } of rows) results[index] = result;
}

function rank({ sort, rank }: Window, index: number, rows: readonly Kept[], frame: Frame): void {
  const keyed = rows.map((row) => {
    restore(frame, row.slots);
    return { row, keys: sort.keysOf(frame) };
  });
  keyed.sort((a, b) => sort.compare(a.keys, b.keys));
  let value = 0;
  keyed.forEach(({ row, keys }, i) => {
    const tie = i > 0 && sort.compare(keyed[i - 1]?.keys ?? [], keys) === 0;
    if (rank === 'ROW_NUMBER') value = i + 1;
    else if (!tie) value = rank === 'RANK' ? i + 1 : value + 1;
    row.results[index] = BigInt(value);
  });
}

/** Completes rows of a table: defaults, identity, rowversion, computed columns, NOT NULL and check constraints. */
import type { SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import { compileCondition, compileExpression } from '../query/compile-expression.ts';
import type { Compiled } from '../query/compiled.ts';
import { converted } from '../query/converted.ts';
import type { Evaluate, Frame, Run, Test } from '../query/run.ts';
import { type Compilation, Scope } from '../query/scope.ts';
import type { Database } from '../storage/database.ts';
import type { Values } from '../storage/row.ts';
import type { Column, Table } from '../storage/table.ts';
import { storer } from './store-value.ts';

export type Verb = 'INSERT' | 'UPDATE';

export class RowMaker {
  readonly table: Table;
  readonly #database: Database | undefined;
  readonly #databaseName: string;
  readonly #defaults: readonly (Evaluate | undefined)[];
  readonly #computed: readonly (readonly [number, Evaluate])[];
  readonly #checks: readonly { readonly name: string; readonly test: Test }[];
  readonly #versionAt: number;
  readonly #required: readonly number[];

  constructor(table: Table, database: Database | undefined, compilation: Compilation) {
    this.table = table;
    this.#database = database;
    this.#databaseName = database?.name ?? 'tempdb';
    const empty = new Scope(compilation, undefined);
    this.#defaults = table.columns.map((column) => {
      if (column.default === undefined) return undefined;
      return this.store(column, compileExpression(column.default.expression, empty));
    });
    const scope = rowScope(table, compilation);
    this.#computed = table.columns.flatMap((column, i) =>
      column.computed === undefined
        ? []
        : [[i, converted(compileExpression(column.computed, scope), column.type)] as const],
    );
    this.#checks = table.checks.map(({ name, definition }) => ({
      name,
      test: compileCondition(definition.expression, scope),
    }));
    this.#versionAt = table.columns.findIndex((column) => column.type.name === 'timestamp');
    this.#required = table.columns.flatMap((column, i) =>
      column.nullable || column.computed !== undefined ? [] : [i],
    );
  }

  get messageName(): string {
    return `${this.#databaseName}.${this.table.fullName}`;
  }

  /** A row of NULLs, to be filled in. */
  blank(): SqlValue[] {
    return this.table.columns.map(() => null);
  }

  /** The expression as the column keeps it. */
  store(column: Column, compiled: Compiled): Evaluate {
    if (compiled.untyped === true) return () => null;
    const store = storer(compiled.type, column, this.messageName);
    return (frame) => store(compiled.evaluate(frame));
  }

  defaultOf(position: number): Evaluate {
    return this.#defaults[position] ?? (() => null);
  }

  /** Fills in what the server makes itself and checks the row. Changes `values`, which nobody else has yet. */
  complete(values: SqlValue[], verb: Verb, run: Run): Values {
    if (this.#versionAt >= 0) values[this.#versionAt] = nextVersion(this.#database);
    if (this.#computed.length > 0 || this.#checks.length > 0) this.#compute(values, verb, run);
    for (const position of this.#required) {
      if ((values[position] ?? null) === null) {
        throw errors.nullInsert(this.table.columns[position]?.name ?? '', this.messageName, verb);
      }
    }
    return values;
  }

  #compute(values: SqlValue[], verb: Verb, run: Run): void {
    const frame: Frame = { slots: [values], outer: undefined, run };
    for (const [position, evaluate] of this.#computed) values[position] = evaluate(frame);
    for (const { name, test } of this.#checks) {
      if (test(frame) === false)
        throw errors.constraintConflict(verb, 'CHECK', name, this.#databaseName, this.table.fullName);
    }
  }
}

/** The columns of one row as names, for computed columns and check constraints. */
export function rowScope(table: Table, compilation: Compilation): Scope {
  const scope = new Scope(compilation, undefined);
  scope.addTable({
    alias: table.name,
    columns: table.columns.map(({ name, type, nullable }) => ({ name, type, nullable })),
  });
  return scope;
}

function nextVersion(database: Database | undefined): Uint8Array {
  const bytes = new Uint8Array(8);
  const version = database === undefined ? 1n : ++database.rowVersion;
  new DataView(bytes.buffer).setBigUint64(0, version);
  return bytes;
}

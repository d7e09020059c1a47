/** Runs queries, writes and definitions, each as a whole or not at all. */
import type { CaptureInstance } from '../storage/capture-instance.ts';
import { defineTable } from '../ddl/define-table.ts';
import { createTable, runDdl, type DdlContext } from '../ddl/run-ddl.ts';
import { insertRows } from '../dml/insert-rows.ts';
import { compileInsert, type ExecutedResult } from '../dml/insert.ts';
import { compileMerge } from '../dml/merge.ts';
import { RowMaker } from '../dml/row-maker.ts';
import { StatementChanges } from '../dml/statement-changes.ts';
import { compileDelete, compileUpdate } from '../dml/update-delete.ts';
import type { WritePlan } from '../dml/write-plan.ts';
import type { Reply, StatementCommand } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Name } from '../parser/ast.ts';
import type { Statement } from '../parser/statement-ast.ts';
import { compileQuery } from '../query/compile-query.ts';
import type { CompiledQuery, OutputColumn } from '../query/compiled.ts';
import type { Database } from '../storage/database.ts';
import { Transaction } from '../storage/transaction.ts';
import { SERVER_COLLATION } from '../values/index.ts';
import type { BatchRun } from './batch-run.ts';
import { PlanCache } from './plan-cache.ts';
import type { Replying } from './replies.ts';
import type { SessionState } from './session-state.ts';
import { StatementCompilation } from './statement-compilation.ts';
import type { DefinitionStatement, Of, WriteStatement } from '../parser/statement-kinds.ts';
import { waitForTables } from './table-lock-wait.ts';
import { takeWriteLock } from './write-lock-wait.ts';

const plans = new PlanCache<CompiledQuery | WritePlan>();

/** The capture instances that a query reads. */
const capturesOf = new WeakMap<CompiledQuery, ReadonlySet<CaptureInstance>>();

function withCaptures(plan: CompiledQuery, { captures }: StatementCompilation): CompiledQuery {
  if (captures.size > 0) capturesOf.set(plan, captures);
  return plan;
}

export class StatementRunner {
  readonly #session: SessionState;

  constructor(session: SessionState) {
    this.#session = session;
  }

  compilation(run: BatchRun): StatementCompilation {
    const { state, database, functions, temporaryTables } = this.#session;
    return new StatementCompilation({
      state,
      database,
      functions,
      variableType: (name) => run.variables.get(name.toLowerCase())?.type,
      temporaryTable: (name) => temporaryTables.get(name.toLowerCase()),
      tableVariable: (name) => run.tableVariables.get(name.toLowerCase()),
      access: (of) => {
        this.#session.requireOpen(of);
        return this.#session.access(of);
      },
    });
  }

  /** The plan made before for the same statement, database and variables, unless the catalogue has changed. */
  #plan<T extends CompiledQuery | WritePlan>(
    statement: Statement,
    run: BatchRun,
    compile: (compilation: StatementCompilation) => T,
  ): T {
    const { state, database, login } = this.#session;
    const user = login.sysadmin ? '' : login.name;
    const key = { version: state.version, database, signature: run.signature, user };
    const kept = plans.find(statement, key);
    if (kept !== undefined) return kept as T;
    const compilation = this.compilation(run);
    const plan = compile(compilation);
    if (!compilation.sessionBound) plans.keep(statement, key, plan);
    return plan;
  }

  *query(statement: Of<'query'>, run: BatchRun): Replying {
    this.#requireOnline();
    const plan = this.#plan(statement, run, (compilation) =>
      withCaptures(compileQuery(statement.query, undefined, compilation), compilation),
    );
    if (this.#session.state.lockedTables > 0)
      yield* waitForTables(capturesOf.get(plan) ?? [], this.#lockWait(run));
    if (plan.into !== undefined) {
      yield* this.#selectInto(plan.into, plan, run);
      return;
    }
    const rows = plan.rows({ outer: undefined, run });
    let count = 0;
    if (plan.assigns) for (const _ of rows) count++;
    else {
      yield { kind: 'columns', columns: plan.columns };
      for (const values of rows) {
        this.#requireOnline();
        count++;
        yield { kind: 'row', values };
        if (count >= this.#session.options.mostRows) break;
      }
    }
    yield this.#done(count, 'select', plan.assigns);
  }

  #requireOnline(): void {
    const { database } = this.#session;
    if (database.offline) throw errors.databaseOffline(database.name);
  }

  #done(count: number, command: StatementCommand, silent = false): Reply {
    this.#session.rowCount = BigInt(count);
    return { kind: 'done', command, ...(!this.#session.options.noCount && !silent && { count }) };
  }

  *write(statement: WriteStatement, run: BatchRun): Replying {
    yield* this.#write(statement, run, () =>
      this.#plan(statement, run, (compilation) => compileWrite(statement, compilation)),
    );
  }

  /** INSERT … EXEC, with what was executed. Its plan holds the rows, so it is not kept. */
  *insertExecuted(statement: Of<'insert'>, executed: readonly ExecutedResult[], run: BatchRun): Replying {
    yield* this.#write(statement, run, () => compileInsert(statement, this.compilation(run), executed));
  }

  *#write(statement: WriteStatement, run: BatchRun, planned: () => WritePlan): Replying {
    if (this.#session.options.mostRows !== Infinity) throw errors.writesUnderRowCount();
    const { state, identityInsert } = this.#session;
    const { version } = state;
    let plan = planned();
    const result = yield* this.within(plan.database, run, (transaction) => {
      // While it waited for the lock the tables may have changed.
      if (state.version !== version) plan = planned();
      return plan.execute({ run, transaction, identityInsert });
    });
    if (plan.columns !== undefined) {
      yield { kind: 'columns', columns: plan.columns };
      for (const values of result.rows) yield { kind: 'row', values };
    }
    yield this.#done(result.count, statement.kind);
  }

  /**
   * Runs `work` in the open transaction, or in one of its own that is committed after it. On an error everything that
   * `work` did is undone.
   */
  *within<T>(
    database: Database | undefined,
    run: BatchRun,
    work: (transaction: Transaction) => T,
  ): Replying<T> {
    const session = this.#session;
    database?.requireWritable();
    if (session.doomed) throw errors.uncommittable();
    if (session.transaction === undefined && session.options.implicitTransactions) yield* session.begin('');
    const open = session.transaction;
    const transaction = open ?? new Transaction(session.state.newTransactionId(), session.state.nowMs());
    const mark = transaction.mark();
    if (open === undefined) session.autocommit = transaction;
    let done = false;
    try {
      if (database !== undefined) yield* takeWriteLock(database, transaction, this.#lockWait(run));
      const result = work(transaction);
      done = true;
      return result;
    } finally {
      // Also reached when the consumer gives up while the lock is waited for.
      if (!done) transaction.rollbackTo(mark);
      if (open === undefined) {
        session.autocommit = undefined;
        if (done) session.state.commit(transaction);
        else session.state.rollback(transaction);
      }
    }
  }

  #lockWait({ signal }: BatchRun): Parameters<typeof takeWriteLock>[2] {
    const { state, options, id } = this.#session;
    return { timers: state.timers, signal, timeoutMs: options.lockTimeoutMs, sessionId: id };
  }

  *define(statement: DefinitionStatement, run: BatchRun): Replying {
    const compilation = this.compilation(run);
    const database = compilation.databaseOf(targetOf(statement));
    if (!isTemporary(targetOf(statement))) this.#requireOwner(statement, database);
    yield* this.within(isTemporary(targetOf(statement)) ? undefined : database, run, (transaction) =>
      runDdl(statement, this.#ddlContext(database, compilation, transaction, run)),
    );
    yield { kind: 'done', ...(statement.kind !== 'truncate' && { command: statement.kind }) };
  }

  /** Definitions are for owners: 262 for what is created, 1088 for what is there. */
  #requireOwner(statement: DefinitionStatement, database: Database): void {
    if (this.#session.access(database).owner) return;
    const created = /^create(.*)/.exec(statement.kind)?.[1]?.toUpperCase();
    throw created === undefined
      ? errors.cannotAlterObject(targetOf(statement))
      : errors.databasePermissionDenied(`CREATE ${created}`, database.name);
  }

  #ddlContext(
    database: Database,
    compilation: StatementCompilation,
    transaction: Transaction,
    run: BatchRun,
  ): DdlContext {
    const { state, temporaryTables } = this.#session;
    return { state, database, compilation, transaction, run, temporaryTables };
  }

  *#selectInto(into: Name, plan: CompiledQuery, run: BatchRun): Replying {
    const compilation = this.compilation(run);
    const database = compilation.databaseOf(into);
    const locked = isTemporary(into) ? undefined : database;
    const count = yield* this.within(locked, run, (transaction) => {
      this.#session.state.version++;
      const context = this.#ddlContext(database, compilation, transaction, run);
      const table = createTable(into, { columns: plan.columns.map(definitionOf), constraints: [] }, context);
      const names = plan.columns.map(({ name }) => name);
      const insert = insertRows(new RowMaker(table, locked, compilation), names, plan.columns);
      const changes = new StatementChanges(transaction, locked, 'INSERT');
      const rows = [...plan.rows({ outer: undefined, run })];
      for (const row of rows) insert(row, { run, transaction, identityInsert: table }, changes);
      changes.finish();
      return rows.length;
    });
    yield this.#done(count, 'selectInto');
  }

  declareTable(statement: Of<'declareTable'>, run: BatchRun): void {
    const table = this.#session.state.newTable({
      schema: 'dbo',
      name: statement.name,
      temporary: true,
      collation: SERVER_COLLATION,
    });
    defineTable(table, statement.table, this.#session.state, this.compilation(run));
    run.tableVariables.set(statement.name.toLowerCase(), table);
  }
}

function compileWrite(statement: WriteStatement, compilation: StatementCompilation): WritePlan {
  if (statement.kind === 'insert') return compileInsert(statement, compilation);
  if (statement.kind === 'merge') return compileMerge(statement, compilation);
  return statement.kind === 'update'
    ? compileUpdate(statement, compilation)
    : compileDelete(statement, compilation);
}

const isTemporary = (name: Name): boolean => (name.at(-1) ?? '').startsWith('#');

function targetOf(statement: DefinitionStatement): Name {
  if ('table' in statement && Array.isArray(statement.table)) return statement.table as Name;
  if (statement.kind === 'createTable' || statement.kind === 'alterTable') return statement.name;
  if (statement.kind === 'createType' || statement.kind === 'dropType') return statement.name;
  return statement.kind === 'dropTable' ? (statement.names[0] ?? []) : [];
}

const definitionOf = ({
  name,
  type,
  nullable,
  identity,
}: OutputColumn): Parameters<typeof defineTable>[1]['columns'][number] => ({
  name,
  type,
  nullable,
  persisted: false,
  constraints: [],
  ...(identity === true && { identity: { seed: 1n, increment: 1n } }),
});

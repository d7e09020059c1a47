/** Runs the statements that are no control of flow: queries, writes, definitions, transactions and options. */
import type { Reply } from '../engine-session.ts';
import { errors } from '../errors.ts';
import { createTable, runDdl, type DdlContext, type DdlStatement } from '../ddl/run-ddl.ts';
import { defineTable } from '../ddl/define-table.ts';
import type { WritePlan } from '../dml/dml-plan.ts';
import { compileInsert } from '../dml/insert.ts';
import { insertRows } from '../dml/insert-rows.ts';
import { RowMaker } from '../dml/row-maker.ts';
import { StatementChanges } from '../dml/statement-changes.ts';
import { compileDelete, compileUpdate } from '../dml/update-delete.ts';
import type { Name, Statement } from '../parser/ast.ts';
import { compileQuery } from '../query/compile-query.ts';
import type { CompiledQuery, OutputColumn } from '../query/scope.ts';
import type { Database } from '../storage/database.ts';
import { Transaction } from '../storage/transaction.ts';
import { SqlError } from '../values/index.ts';
import type { BatchRun } from './batch-run.ts';
import { PlanCache } from './plan-cache.ts';
import type { Replying } from './replies.ts';
import type { SessionState } from './session-state.ts';
import { StatementCompilation } from './statement-compilation.ts';
import { takeWriteLock } from './write-lock-wait.ts';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

const plans = new PlanCache<CompiledQuery | WritePlan>();

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
    });
  }

  *run(statement: Statement, run: BatchRun): Replying {
    switch (statement.kind) {
      case 'query':
        yield* this.#query(statement, run);
        return;
      case 'insert':
      case 'update':
      case 'delete':
        yield* this.#write(statement, run);
        return;
      case 'createSchema':
      case 'dropSchema':
      case 'createTable':
      case 'dropTable':
      case 'alterTable':
      case 'createIndex':
      case 'dropIndex':
      case 'truncate':
        yield* this.#ddl(statement, run);
        return;
      case 'declareTable':
        this.#declareTable(statement, run);
        return;
      case 'alterDatabase':
      case 'begin':
      case 'block':
      case 'break':
      case 'commit':
      case 'continue':
      case 'createDatabase':
      case 'declare':
      case 'dropDatabase':
      case 'execute':
      case 'executeText':
      case 'if':
      case 'permission':
      case 'principal':
      case 'print':
      case 'raiserror':
      case 'return':
      case 'rollback':
      case 'save':
      case 'set':
      case 'setIdentityInsert':
      case 'setIsolation':
      case 'setOption':
      case 'throw':
      case 'try':
      case 'use':
      case 'waitfor':
      case 'while':
      default:
        yield* this.#other(statement, run);
    }
  }

  /** The plan made before for the same statement, database and variables, unless the catalogue has changed. */
  #plan<T extends CompiledQuery | WritePlan>(
    statement: Statement,
    run: BatchRun,
    compile: (compilation: StatementCompilation) => T,
  ): T {
    const { state, database } = this.#session;
    const key = { version: state.version, database, signature: run.signature };
    const kept = plans.find(statement, key);
    if (kept !== undefined) return kept as T;
    const compilation = this.compilation(run);
    const plan = compile(compilation);
    if (!compilation.sessionBound) plans.keep(statement, key, plan);
    return plan;
  }

  *#query(statement: Of<'query'>, run: BatchRun): Replying {
    this.#requireOnline();
    const plan = this.#plan(statement, run, (compilation) =>
      compileQuery(statement.query, undefined, compilation),
    );
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
        count++;
        yield { kind: 'row', values };
      }
    }
    yield this.#done(count, plan.assigns);
  }

  #requireOnline(): void {
    const { database } = this.#session;
    if (database.offline) throw errors.databaseOffline(database.name);
  }

  #done(count: number, silent = false): Reply {
    this.#session.rowCount = BigInt(count);
    return this.#session.options.noCount || silent ? { kind: 'done' } : { kind: 'done', count };
  }

  *#write(statement: Of<'insert'> | Of<'update'> | Of<'delete'>, run: BatchRun): Replying {
    const plan = this.#plan(statement, run, (compilation) =>
      statement.kind === 'insert'
        ? compileInsert(statement, compilation)
        : statement.kind === 'update'
          ? compileUpdate(statement, compilation)
          : compileDelete(statement, compilation),
    );
    const { identityInsert } = this.#session;
    const result = yield* this.within(plan.database, run, (transaction) =>
      plan.execute({ run, transaction, identityInsert }),
    );
    if (plan.columns !== undefined) {
      yield { kind: 'columns', columns: plan.columns };
      for (const values of result.rows) yield { kind: 'row', values };
    }
    yield this.#done(result.count);
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
    if (session.transaction === undefined && session.options.implicitTransactions) yield* session.begin();
    const open = session.transaction;
    const transaction = open ?? new Transaction(session.state.newTransactionId(), session.state.nowMs());
    if (open === undefined) session.autocommit = transaction;
    const mark = transaction.mark();
    try {
      if (database !== undefined) yield* takeWriteLock(database, transaction, this.#lockWait(run));
      const result = work(transaction);
      if (open === undefined) this.#finish(() => session.state.commit(transaction));
      return result;
    } catch (error) {
      transaction.rollbackTo(mark);
      if (open === undefined) this.#finish(() => session.state.rollback(transaction));
      throw error;
    }
  }

  #finish(end: () => void): void {
    this.#session.autocommit = undefined;
    end();
  }

  #lockWait({ signal }: BatchRun): Parameters<typeof takeWriteLock>[2] {
    const { state, options, id } = this.#session;
    return { timers: state.timers, signal, timeoutMs: options.lockTimeoutMs, sessionId: id };
  }

  *#ddl(statement: DdlStatement, run: BatchRun): Replying {
    const compilation = this.compilation(run);
    const database = compilation.databaseOf(namesOf(statement));
    const isTemporary = (namesOf(statement).at(-1) ?? '').startsWith('#');
    yield* this.within(isTemporary ? undefined : database, run, (transaction) =>
      runDdl(statement, this.#ddlContext(database, compilation, transaction, run)),
    );
    yield { kind: 'done' };
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
    const isTemporary = (into.at(-1) ?? '').startsWith('#');
    const count = yield* this.within(isTemporary ? undefined : database, run, (transaction) => {
      this.#session.state.version++;
      const context = this.#ddlContext(database, compilation, transaction, run);
      const table = createTable(into, { columns: plan.columns.map(definitionOf), constraints: [] }, context);
      const insert = insertRows(
        new RowMaker(table, isTemporary ? undefined : database, compilation),
        plan.columns.map(({ name }) => name),
        plan.columns,
      );
      const changes = new StatementChanges(transaction, isTemporary ? undefined : database, 'INSERT');
      const rows = [...plan.rows({ outer: undefined, run })];
      for (const row of rows) insert(row, { run, transaction, identityInsert: table }, changes);
      changes.finish();
      return rows.length;
    });
    yield this.#done(count);
  }

  #declareTable(statement: Of<'declareTable'>, run: BatchRun): void {
    const table = this.#session.state.newTable({ schema: 'dbo', name: statement.name, temporary: true });
    defineTable(table, statement.table, this.#session.state, this.compilation(run));
    run.tableVariables.set(statement.name.toLowerCase(), table);
  }

  *#other(statement: Statement, run: BatchRun): Replying {
    const session = this.#session;
    switch (statement.kind) {
      case 'begin':
        yield* session.begin();
        if (session.depth === 1) session.transactionName = statement.name === '' ? undefined : statement.name;
        return;
      case 'commit':
        yield* session.commit();
        return;
      case 'rollback':
        yield* session.rollback(statement.name);
        return;
      case 'save':
        session.save(statement.name);
        return;
      case 'use': {
        const database = session.state.database(statement.database);
        if (database.offline) throw errors.databaseOffline(database.name);
        session.database = database;
        yield { kind: 'database', name: database.name };
        return;
      }
      case 'setOption':
        for (const option of statement.options) this.#setOption(option, statement.value);
        return;
      case 'setIsolation':
        return;
      case 'setIdentityInsert':
        this.#setIdentityInsert(statement, run);
        return;
      case 'createDatabase':
      case 'dropDatabase':
      case 'alterDatabase':
        yield* this.#database(statement);
        return;
      case 'principal':
      case 'permission':
        yield { kind: 'done' };
        return;
      case 'alterTable':
      case 'block':
      case 'break':
      case 'continue':
      case 'createIndex':
      case 'createSchema':
      case 'createTable':
      case 'declare':
      case 'declareTable':
      case 'delete':
      case 'dropIndex':
      case 'dropSchema':
      case 'dropTable':
      case 'execute':
      case 'executeText':
      case 'if':
      case 'insert':
      case 'print':
      case 'query':
      case 'raiserror':
      case 'return':
      case 'set':
      case 'throw':
      case 'truncate':
      case 'try':
      case 'update':
      case 'waitfor':
      case 'while':
      default:
        throw errors.syntax(statement.kind, statement.line);
    }
  }

  #setOption(option: string, value: string): void {
    const { options } = this.#session;
    const isOn = value === 'ON';
    if (option === 'NOCOUNT') options.noCount = isOn;
    if (option === 'XACT_ABORT') options.xactAbort = isOn;
    if (option === 'IMPLICIT_TRANSACTIONS') options.implicitTransactions = isOn;
    if (option === 'LOCK_TIMEOUT') options.lockTimeoutMs = Number(value);
  }

  #setIdentityInsert({ table: name, on }: Of<'setIdentityInsert'>, run: BatchRun): void {
    const found = this.compilation(run).table(name);
    if (found.kind === 'virtual' || !found.table.columns.some((column) => column.identity !== undefined))
      throw errors.noIdentity(name.join('.'));
    const held = this.#session.identityInsert;
    if (on && held !== undefined && held !== found.table)
      throw errors.identityInsertElsewhere(held.fullName, found.table.fullName);
    if (on) this.#session.identityInsert = found.table;
    else if (held === found.table) this.#session.identityInsert = undefined;
  }

  /** Not allowed inside of a transaction (error 226). */
  *#database(statement: Of<'createDatabase'> | Of<'dropDatabase'> | Of<'alterDatabase'>): Generator<Reply> {
    const { state, transaction } = this.#session;
    if (transaction !== undefined)
      throw errors.notInTransaction(
        statement.kind === 'createDatabase'
          ? 'CREATE DATABASE'
          : statement.kind === 'dropDatabase'
            ? 'DROP DATABASE'
            : 'ALTER DATABASE',
      );
    if (statement.kind === 'createDatabase') state.createDatabase(statement.name);
    else if (statement.kind === 'alterDatabase') this.#alterDatabase(statement);
    else for (const name of statement.names) this.#dropDatabase(name, statement.ifExists);
    yield { kind: 'done' };
  }

  #dropDatabase(name: string, ifExists: boolean): void {
    const { state } = this.#session;
    const database = state.databases.get(name.toLowerCase());
    if (database === undefined && ifExists) return;
    if (database === undefined || database.system) throw errors.cannotDropDatabase(name);
    const used = [...state.sessions.values()].some((session) => session.database === database);
    if (used)
      throw new SqlError(3702, `Cannot drop database "${name}" because it is currently in use.`, 16, 3);
    state.databases.delete(name.toLowerCase());
    state.version++;
  }

  /** The options that change nothing here; others fail loudly. */
  #alterDatabase({ name, option, line }: Of<'alterDatabase'>): void {
    const { state, database: current } = this.#session;
    const database = name === '' ? current : state.database(name);
    const known =
      /^(READ_ONLY|READ_WRITE|OFFLINE|ONLINE|RECOVERY (FULL|SIMPLE|BULK_LOGGED)|MULTI_USER|SINGLE_USER|ALLOW_SNAPSHOT_ISOLATION (ON|OFF)|READ_COMMITTED_SNAPSHOT (ON|OFF)|COMPATIBILITY_LEVEL = \d+)( WITH ROLLBACK IMMEDIATE| WITH NO_WAIT)?$/.exec(
        option,
      );
    if (known === null) throw errors.syntax(option, line);
    const [, what] = known;
    if (what === 'READ_ONLY' || what === 'READ_WRITE') database.readOnly = what === 'READ_ONLY';
    if (what === 'OFFLINE' || what === 'ONLINE') database.offline = what === 'OFFLINE';
  }
}

function namesOf(statement: DdlStatement): Name {
  switch (statement.kind) {
    case 'createSchema':
    case 'dropSchema':
      return [];
    case 'createTable':
    case 'alterTable':
      return statement.name;
    case 'dropTable':
      return statement.names[0] ?? [];
    case 'createIndex':
    case 'dropIndex':
    case 'truncate':
    default:
      return statement.table;
  }
}

const definitionOf = ({
  name,
  type,
  nullable,
  identity,
}: OutputColumn): Parameters<typeof defineTable>[1]['columns'][number] => ({
  name,
  type: type,
  nullable,
  persisted: false,
  constraints: [],
  ...(identity === true && { identity: { seed: 1n, increment: 1n } }),
});

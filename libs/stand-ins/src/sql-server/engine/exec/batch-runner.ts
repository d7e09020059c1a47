/**
 * Runs batches: control of flow, errors and transactions around statements.
 *
 * An error ends its statement; the batch goes on, unless the error is one that ends the batch, XACT_ABORT is on, or a
 * CATCH block takes it ("Database engine error severities", "TRY...CATCH", "SET XACT_ABORT").
 */
import type { Reply, SqlParameter, SqlValue } from '../engine-session.ts';
import { errors, SyntaxErrorAt } from '../errors.ts';
import type { Expression, Statement } from '../parser/ast.ts';
import { combined } from '../query/compile-block.ts';
import { compileCondition, compileExpression, converted } from '../query/compile-expression.ts';
import type { Compilation } from '../query/compilation.ts';
import type { Frame } from '../query/run.ts';
import { textOf } from '../query/text-of.ts';
import { Scope } from '../query/scope.ts';
import { SqlError } from '../values/index.ts';
import { BatchRun } from './batch-run.ts';
import { CONTROL_STATEMENTS, describe, neverWaits } from './batch-shape.ts';
import { ExecuteRunner } from './execute-runner.ts';
import type { ParsedBatches } from './parsed-batches.ts';
import { raised, RaisedError, thrown } from './raise.ts';
import type { Replying } from './replies.ts';
import type { SessionState } from './session-state.ts';
import { StatementRunner } from './statement-runner.ts';
import { pause, sleep } from './waits.ts';

/** How a statement ended: whether the next one runs. */
type Flow = 'next' | 'break' | 'continue' | 'return' | 'abort';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

/** Errors that end the whole batch and roll back: conversions and what cannot be compiled. */
const ROLLS_BACK = new Set([241, 242, 245, 248, 295, 8114, 8169, 1205, 3930]);
const ENDS_BATCH = new Set([102, 105, 137, 156, 207, 208, 209, 911, 1087, 2715, 4104, ...ROLLS_BACK]);

const LOOPS_PER_TURN = 200;

export class BatchRunner {
  readonly #session: SessionState;
  readonly #parsed: ParsedBatches;
  readonly #statements: StatementRunner;
  readonly #execute: ExecuteRunner;
  #loops = 0;

  constructor(session: SessionState, parsed: ParsedBatches) {
    this.#session = session;
    this.#parsed = parsed;
    this.#statements = new StatementRunner(session);
    this.#execute = new ExecuteRunner(session, this.#statements, (text, run) => this.#text(text, run));
  }

  neverWaits(sql: string): boolean {
    try {
      return neverWaits(this.#parsed.parse(sql), this.#session);
    } catch {
      // The batch itself reports what is wrong with its text.
      return true;
    }
  }

  *batch(sql: string, parameters: readonly SqlParameter[], signal: AbortSignal): Replying {
    this.#session.state.counters.batches++;
    this.#session.observe?.(sql);
    const run = new BatchRun(this.#session, this.#session.state.nowMs, signal);
    for (const { name, type, value } of parameters) if (name !== '') run.declare(name, { type, value });
    yield* this.#text(sql, run);
    yield* outputs(parameters, run);
  }

  *procedure(name: string, parameters: readonly SqlParameter[], signal: AbortSignal): Replying {
    this.#session.state.counters.batches++;
    this.#session.observe?.(`EXEC ${name}`);
    const run = new BatchRun(this.#session, this.#session.state.nowMs, signal, name);
    const before = this.#session.lastError;
    const flow = yield* this.#guarded(this.#execute.named(name, parameters, run), 1, run);
    yield {
      kind: 'return',
      status: flow === 'next' && this.#session.lastError === before ? 0 : run.returned || 1,
    };
  }

  /** Every statement of a text; 'abort' when the batch around it must end too. */
  *#text(sql: string, run: BatchRun): Replying<Flow> {
    let statements: readonly Statement[];
    try {
      statements = this.#parsed.parse(sql);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      yield* this.#report(error, error instanceof SyntaxErrorAt ? error.line : 1, run);
      return this.#afterError(error) === 'next' ? 'abort' : 'abort';
    }
    return yield* this.#sequence(statements, run);
  }

  *#sequence(statements: readonly Statement[], run: BatchRun): Replying<Flow> {
    for (const statement of statements) {
      const flow = yield* this.#statement(statement, run);
      if (flow !== 'next') return flow;
    }
    return 'next';
  }

  *#statement(statement: Statement, run: BatchRun): Replying<Flow> {
    run.signal.throwIfAborted();
    if (CONTROL_STATEMENTS.has(statement.kind)) return yield* this.#control(statement, run);
    this.#session.state.counters.statements++;
    run.beginStatement();
    return yield* this.#guarded(this.#single(statement, run), statement.line, run);
  }

  /** Turns an error of one statement into a message, and decides what happens next. */
  *#guarded(work: Replying, line: number, run: BatchRun): Replying<Flow> {
    try {
      yield* work;
      this.#session.lastError = 0;
      return 'next';
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      if (this.#catching > 0) throw new CaughtAt(error, line);
      yield* this.#report(error, line, run);
      const flow = this.#afterError(error);
      if (flow === 'abort' || this.#session.doomed) yield* this.#rollBackIfDoomed(error);
      yield { kind: 'done' };
      return flow;
    }
  }

  #catching = 0;

  #afterError(error: SqlError): Flow {
    if (error instanceof RaisedError && !error.ends) return 'next';
    if (error instanceof RaisedError || ENDS_BATCH.has(error.number)) return 'abort';
    return this.#session.options.xactAbort && error.severity > 10 ? 'abort' : 'next';
  }

  *#rollBackIfDoomed(error: SqlError): Generator<Reply> {
    const { options, transaction } = this.#session;
    if (transaction === undefined) return;
    if (this.#dooms(error) || options.xactAbort) yield* this.#session.rollback();
  }

  #dooms(error: SqlError): boolean {
    return ROLLS_BACK.has(error.number);
  }

  *#report(error: SqlError, line: number, run: BatchRun): Generator<Reply> {
    const { number, severity, state, message } = error;
    this.#session.lastError = number;
    const procedure = run.procedure === undefined ? {} : { procedure: run.procedure };
    yield { kind: 'message', message: { number, severity, state, message, line, ...procedure } };
  }

  *#control(statement: Statement, run: BatchRun): Replying<Flow> {
    switch (statement.kind) {
      case 'block':
        return yield* this.#sequence(statement.statements, run);
      case 'if': {
        const holds = yield* this.#condition(statement.condition, statement.line, run);
        if (holds === 'abort') return 'abort';
        if (holds) return yield* this.#statement(statement.body, run);
        return statement.otherwise === undefined ? 'next' : yield* this.#statement(statement.otherwise, run);
      }
      case 'while':
        return yield* this.#while(statement, run);
      case 'break':
      case 'continue':
        return statement.kind;
      case 'return':
        return yield* this.#return(statement, run);
      case 'try':
        return yield* this.#try(statement, run);
      case 'alterDatabase':
      case 'alterTable':
      case 'begin':
      case 'commit':
      case 'createDatabase':
      case 'createIndex':
      case 'createSchema':
      case 'createTable':
      case 'declare':
      case 'declareTable':
      case 'delete':
      case 'dropDatabase':
      case 'dropIndex':
      case 'dropSchema':
      case 'dropTable':
      case 'execute':
      case 'executeText':
      case 'insert':
      case 'permission':
      case 'principal':
      case 'print':
      case 'query':
      case 'raiserror':
      case 'rollback':
      case 'save':
      case 'set':
      case 'setIdentityInsert':
      case 'setIsolation':
      case 'setOption':
      case 'throw':
      case 'truncate':
      case 'update':
      case 'use':
      case 'waitfor':
      default:
        throw new Error(`${statement.kind} is no statement of control of flow.`);
    }
  }

  *#while(statement: Of<'while'>, run: BatchRun): Replying<Flow> {
    for (;;) {
      const holds = yield* this.#condition(statement.condition, statement.line, run);
      if (holds === 'abort') return 'abort';
      if (!holds) return 'next';
      const flow = yield* this.#statement(statement.body, run);
      if (flow === 'break') return 'next';
      if (flow === 'return' || flow === 'abort') return flow;
      if (++this.#loops % LOOPS_PER_TURN === 0) yield pause();
      run.signal.throwIfAborted();
    }
  }

  *#condition(condition: Expression, line: number, run: BatchRun): Replying<boolean | 'abort'> {
    let result = false;
    const evaluate = (): void => {
      const scope = new Scope(this.#statements.compilation(run), undefined);
      result = compileCondition(condition, scope)(frameOf(run)) === true;
    };
    const flow = yield* this.#guarded(once(evaluate), line, run);
    return flow === 'next' ? result : 'abort';
  }

  *#return(statement: Of<'return'>, run: BatchRun): Replying<Flow> {
    const { value } = statement;
    if (value === undefined) return 'return';
    const flow = yield* this.#guarded(
      once(() => void (run.returned = Number(this.#value(value, run, { name: 'int' }) ?? 0))),
      statement.line,
      run,
    );
    return flow === 'next' ? 'return' : flow;
  }

  /** An error of the body goes to the handler; with XACT_ABORT, or when it dooms, the transaction can then only be rolled back. */
  *#try(statement: Of<'try'>, run: BatchRun): Replying<Flow> {
    this.#catching++;
    let caught: CaughtAt;
    try {
      const flow = yield* this.#statement(statement.body, run);
      this.#catching--;
      return flow;
    } catch (error) {
      this.#catching--;
      if (!(error instanceof CaughtAt)) throw error;
      caught = error;
    }
    const { error, line } = caught;
    this.#session.lastError = error.number;
    if (this.#session.transaction !== undefined && (this.#session.options.xactAbort || this.#dooms(error)))
      this.#session.doomed = true;
    const outer = run.caught;
    const { number, severity, state, message } = error;
    run.caught = {
      number,
      severity,
      state,
      message,
      line,
      ...(run.procedure !== undefined && { procedure: run.procedure }),
    };
    const flow = yield* this.#statement(statement.handler, run);
    run.caught = outer;
    return flow;
  }

  *#single(statement: Statement, run: BatchRun): Replying {
    switch (statement.kind) {
      case 'declare': {
        if (run.variables.has(statement.name.toLowerCase()) && !this.#redeclared(statement, run))
          throw errors.declaredTwice(statement.name);
        run.declare(statement.name, { type: statement.type, value: null });
        this.#declared.set(statement, run);
        if (statement.initial !== undefined) this.#assign(statement.name, '=', statement.initial, run);
        return;
      }
      case 'set':
        this.#assign(statement.name, statement.op, statement.value, run);
        return;
      case 'print': {
        const text = this.#value(statement.value, run, { name: 'nvarchar', length: 4000 });
        yield {
          kind: 'message',
          message: { number: 0, severity: 0, state: 1, message: textOf(text), line: statement.line },
        };
        return;
      }
      case 'raiserror':
        yield* raised(statement, (expression) => this.#plain(expression, run));
        return;
      case 'throw':
        throw thrown(
          statement.args.map((arg) => this.#plain(arg, run)),
          run.caught,
        );
      case 'waitfor':
        yield* sleep(
          textOf(this.#value(statement.delay, run, { name: 'varchar', length: 30 })),
          this.#session.state.timers,
          run.signal,
        );
        return;
      case 'execute':
      case 'executeText':
        yield* this.#execute.statement(statement, run);
        return;
      case 'alterDatabase':
      case 'alterTable':
      case 'begin':
      case 'block':
      case 'break':
      case 'commit':
      case 'continue':
      case 'createDatabase':
      case 'createIndex':
      case 'createSchema':
      case 'createTable':
      case 'declareTable':
      case 'delete':
      case 'dropDatabase':
      case 'dropIndex':
      case 'dropSchema':
      case 'dropTable':
      case 'if':
      case 'insert':
      case 'permission':
      case 'principal':
      case 'query':
      case 'return':
      case 'rollback':
      case 'save':
      case 'setIdentityInsert':
      case 'setIsolation':
      case 'setOption':
      case 'truncate':
      case 'try':
      case 'update':
      case 'use':
      case 'while':
      default:
        yield* this.#statements.run(statement, run);
        yield* [];
    }
  }

  /** A DECLARE in a loop runs again: the same statement may declare its variable again. */
  readonly #declared = new WeakMap<Statement, BatchRun>();

  #redeclared(statement: Statement, run: BatchRun): boolean {
    return this.#declared.get(statement) === run;
  }

  #assign(name: string, op: string, expression: Expression, run: BatchRun): void {
    const scope = new Scope(this.#statements.compilation(run), undefined);
    const value = combined({ variable: name, op, expression }, scope)(frameOf(run));
    const variable = run.variables.get(name.toLowerCase());
    if (variable !== undefined) variable.value = value;
  }

  #value(expression: Expression, run: BatchRun, type: Parameters<typeof converted>[1]): SqlValue {
    return converted(this.#compile(expression, this.#statements.compilation(run)), type)(frameOf(run));
  }

  #plain(
    expression: Expression,
    run: BatchRun,
  ): { readonly value: SqlValue; readonly type: Parameters<typeof converted>[1] } {
    const { type, evaluate } = this.#compile(expression, this.#statements.compilation(run));
    return { type, value: evaluate(frameOf(run)) };
  }

  #compile(expression: Expression, compilation: Compilation): ReturnType<typeof compileExpression> {
    return compileExpression(expression, new Scope(compilation, undefined));
  }
}

/** Carries an error from its statement to the TRY block around it. */
class CaughtAt extends Error {
  readonly error: SqlError;
  readonly line: number;

  constructor(error: SqlError, line: number) {
    super(describe(error), { cause: error });
    this.error = error;
    this.line = line;
  }
}

export const frameOf = (run: BatchRun): Frame => ({ slots: [], outer: undefined, run });

function* once(work: () => void): Replying {
  work();
  yield* [];
}

function* outputs(parameters: readonly SqlParameter[], run: BatchRun): Generator<Reply> {
  for (const { name, output, type } of parameters) {
    if (output === true)
      yield { kind: 'output', name, type, value: run.variables.get(name.toLowerCase())?.value ?? null };
  }
}

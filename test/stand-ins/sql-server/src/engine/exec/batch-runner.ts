/**
 * Runs batches: control of flow, and what an error does to it.
 *
 * An error ends its statement; the batch goes on, unless the error is one that ends the batch, XACT_ABORT is on, or a
 * CATCH block takes it ("Database engine error severities", "TRY...CATCH", "SET XACT_ABORT").
 */
import type { Reply, SqlParameter } from '../interface/engine-session.ts';
import { SqlError } from '../errors/sql-error.ts';
import { SyntaxErrorAt } from '../errors/syntax-errors.ts';
import type { Expression } from '../parser/ast.ts';
import type { Statement } from '../parser/statement-ast.ts';
import { BatchRun } from './batch-run.ts';
import { neverWaits } from './batch-shape.ts';
import { Evaluator } from './evaluator.ts';
import { BatchEnded, ExecuteRunner } from './execute-runner.ts';
import { insertExecuted } from './insert-executed.ts';
import type { ParsedBatches } from './parsed-batches.ts';
import { RaisedError } from './raise.ts';
import type { Replying } from './replies.ts';
import { ScriptRunner } from './script-runner.ts';
import type { SessionState } from './session-state.ts';
import { runSessionStatement } from './session-statements.ts';
import {
  isControl,
  isDefinition,
  isOfSession,
  isScript,
  isWrite,
  type ControlStatement,
  type Of,
  type WriteStatement,
} from '../parser/statement-kinds.ts';
import { StatementRunner } from './statement-runner.ts';
import { pause } from './waits.ts';

/** How a statement ended: whether the next one runs. */
type Flow = 'next' | 'break' | 'continue' | 'return' | 'abort';

/** Errors that end the whole batch and roll back: failed conversions of text, deadlock victims, a database that went. */
const ROLLS_BACK = new Set([241, 242, 245, 248, 295, 942, 8114, 8169, 1205, 3930]);
/** Errors of compiling end the batch, and no more. */
const ENDS_BATCH = new Set([102, 105, 137, 156, 207, 208, 209, 911, 1087, 2715, 4104, ...ROLLS_BACK]);

const LOOPS_PER_TURN = 200;

export class BatchRunner {
  readonly #session: SessionState;
  readonly #parsed: ParsedBatches;
  readonly #statements: StatementRunner;
  readonly #evaluator: Evaluator;
  readonly #execute: ExecuteRunner;
  readonly #scripts: ScriptRunner;
  #loops = 0;
  /** How many TRY blocks are being run. */
  #catching = 0;

  constructor(session: SessionState, parsed: ParsedBatches) {
    this.#session = session;
    this.#parsed = parsed;
    this.#statements = new StatementRunner(session);
    this.#evaluator = new Evaluator((run) => this.#statements.compilation(run));
    this.#execute = new ExecuteRunner(session, this.#statements, this.#evaluator, (text, run) =>
      this.#text(text, run),
    );
    this.#scripts = new ScriptRunner(session, this.#statements, this.#execute, this.#evaluator);
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
    this.#begin(sql);
    const run = new BatchRun(this.#session, this.#session.state.nowMs, signal);
    for (const { name, type, value } of parameters) if (name !== '') run.declare(name, { type, value });
    yield* this.#text(sql, run);
    yield* outputs(parameters, run);
  }

  *procedure(name: string, parameters: readonly SqlParameter[], signal: AbortSignal): Replying {
    this.#begin(`EXEC ${name}`);
    const run = new BatchRun(this.#session, this.#session.state.nowMs, signal, name);
    yield* this.#guarded(this.#execute.named(name, parameters, run), 1, run);
    yield { kind: 'return', status: this.#session.lastError === 0 ? 0 : 1 };
  }

  #begin(observed: string): void {
    this.#session.state.counters.batches++;
    this.#session.observe?.(observed);
  }

  /** Every statement of a text; 'abort' when the batch around it must end too. */
  *#text(sql: string, run: BatchRun): Replying<Flow> {
    let statements: readonly Statement[] = [];
    const parse = (): void => {
      statements = this.#parsed.parse(sql);
    };
    const flow = yield* this.#guarded(once(parse), 1, run);
    return flow === 'next' ? yield* this.#sequence(statements, run) : 'abort';
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
    if (isControl(statement)) return yield* this.#control(statement, run);
    this.#session.state.counters.statements++;
    run.beginStatement();
    return yield* this.#guarded(this.#single(statement, run), statement.line, run);
  }

  #single(statement: Exclude<Statement, ControlStatement>, run: BatchRun): Replying {
    if (isScript(statement)) return this.#scripts.run(statement, run);
    if (isWrite(statement)) return this.#write(statement, run);
    if (isDefinition(statement)) return this.#statements.define(statement, run);
    if (!isOfSession(statement)) return this.#statements.query(statement, run);
    return runSessionStatement(statement, this.#session, (name) =>
      this.#statements.compilation(run).table(name),
    );
  }

  #write(statement: WriteStatement, run: BatchRun): Replying {
    if (statement.kind !== 'insert' || statement.source.kind !== 'execute')
      return this.#statements.write(statement, run);
    return insertExecuted(this.#execute.statement(statement.source.execute, run), (results) =>
      this.#statements.insertExecuted(statement, results, run),
    );
  }

  /** Turns an error of one statement into a message, and decides what happens next. */
  *#guarded(work: Replying, line: number, run: BatchRun): Replying<Flow> {
    try {
      yield* work;
      this.#session.lastError = 0;
      return 'next';
    } catch (error) {
      if (error instanceof BatchEnded) return 'abort';
      if (!(error instanceof SqlError)) throw error;
      const at = error instanceof SyntaxErrorAt ? error.line : line;
      if (this.#catching > 0) throw new CaughtAt(error, at);
      return yield* this.#failed(error, at, run);
    }
  }

  *#failed(error: SqlError, line: number, run: BatchRun): Generator<Reply, Flow> {
    const { number, severity, state, message } = error;
    this.#session.lastError = number;
    const procedure = run.procedure === undefined ? {} : { procedure: run.procedure };
    yield { kind: 'message', message: { number, severity, state, message, line, ...procedure } };
    const flow = this.#afterError(error);
    if (flow === 'abort' && this.#dooms(error) && this.#session.transaction !== undefined)
      yield* this.#session.rollback();
    yield { kind: 'done' };
    return flow;
  }

  /** RAISERROR never ends a batch, not even with XACT_ABORT. */
  #afterError(error: SqlError): Flow {
    if (error instanceof RaisedError) return error.ends ? 'abort' : 'next';
    if (ENDS_BATCH.has(error.number)) return 'abort';
    return this.#session.options.xactAbort ? 'abort' : 'next';
  }

  /** True when the error leaves nothing of an open transaction. */
  #dooms(error: SqlError): boolean {
    return this.#session.options.xactAbort || ROLLS_BACK.has(error.number);
  }

  *#control(statement: ControlStatement, run: BatchRun): Replying<Flow> {
    switch (statement.kind) {
      case 'block':
        return yield* this.#sequence(statement.statements, run);
      case 'if':
        return yield* this.#if(statement, run);
      case 'while':
        return yield* this.#while(statement, run);
      case 'return':
        return yield* this.#return(statement, run);
      case 'try':
        return yield* this.#try(statement, run);
      case 'break':
      case 'continue':
      default:
        return statement.kind;
    }
  }

  *#if(statement: Of<'if'>, run: BatchRun): Replying<Flow> {
    const holds = yield* this.#condition(statement.condition, statement.line, run);
    if (holds === 'abort') return 'abort';
    const branch = holds ? statement.body : statement.otherwise;
    return branch === undefined ? 'next' : yield* this.#statement(branch, run);
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
      result = this.#evaluator.holds(condition, run);
    };
    const flow = yield* this.#guarded(once(evaluate), line, run);
    return flow === 'next' ? result : 'abort';
  }

  /** Only procedures return values, so in a batch the value is worked out for its errors alone. */
  *#return({ value, line }: Of<'return'>, run: BatchRun): Replying<Flow> {
    if (value === undefined) return 'return';
    const flow = yield* this.#guarded(
      once(() => void this.#evaluator.as({ name: 'int' }, value, run)),
      line,
      run,
    );
    return flow === 'next' ? 'return' : flow;
  }

  *#try(statement: Of<'try'>, run: BatchRun): Replying<Flow> {
    this.#catching++;
    let isOpen = true;
    const close = (): void => {
      if (isOpen) this.#catching--;
      isOpen = false;
    };
    try {
      return yield* this.#statement(statement.body, run);
    } catch (error) {
      if (!(error instanceof CaughtAt)) throw error;
      close();
      return yield* this.#handle(error, statement.handler, run);
    } finally {
      close();
    }
  }

  /** With XACT_ABORT, or when the error dooms it, the transaction can then only be rolled back. */
  *#handle({ error, line }: CaughtAt, handler: Statement, run: BatchRun): Replying<Flow> {
    this.#session.lastError = error.number;
    if (this.#session.transaction !== undefined && this.#dooms(error)) this.#session.doomed = true;
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
    const flow = yield* this.#statement(handler, run);
    run.caught = outer;
    return flow;
  }
}

/** Carries an error from its statement to the TRY block around it. */
class CaughtAt extends Error {
  readonly error: SqlError;
  readonly line: number;

  constructor(error: SqlError, line: number) {
    super(error.message, { cause: error });
    this.error = error;
    this.line = line;
  }
}

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

/** Statements about the variables and messages of a batch. */
import { errors } from '../errors/errors.ts';
import type { Statement } from '../parser/statement-ast.ts';
import { textOf } from '../query/text-of.ts';
import type { BatchRun } from './batch-run.ts';
import type { Evaluator } from './evaluator.ts';
import type { ExecuteRunner } from './execute-runner.ts';
import { raised, thrown } from './raise.ts';
import type { Replying } from './replies.ts';
import type { SessionState } from './session-state.ts';
import type { Of, ScriptStatement } from '../parser/statement-kinds.ts';
import type { StatementRunner } from './statement-runner.ts';
import { sleep } from './waits.ts';

export class ScriptRunner {
  readonly #session: SessionState;
  readonly #statements: StatementRunner;
  readonly #execute: ExecuteRunner;
  readonly #evaluator: Evaluator;
  /** A DECLARE in a loop runs again: the same statement may declare its variable again. */
  readonly #declared = new WeakMap<Statement, BatchRun>();

  constructor(
    session: SessionState,
    statements: StatementRunner,
    execute: ExecuteRunner,
    evaluator: Evaluator,
  ) {
    this.#session = session;
    this.#statements = statements;
    this.#execute = execute;
    this.#evaluator = evaluator;
  }

  *run(statement: ScriptStatement, run: BatchRun): Replying {
    switch (statement.kind) {
      case 'declare':
        this.#declare(statement, run);
        return;
      case 'declareTable':
        this.#statements.declareTable(statement, run);
        return;
      case 'set':
        this.#evaluator.assign(statement.name, statement.op, statement.value, run);
        return;
      case 'print': {
        const message = textOf(this.#evaluator.as({ name: 'nvarchar', length: 4000 }, statement.value, run));
        yield {
          kind: 'message',
          message: { number: 0, severity: 0, state: 1, message, line: statement.line },
        };
        return;
      }
      case 'raiserror':
        yield* raised(statement, (expression) => this.#evaluator.typed(expression, run));
        return;
      case 'throw':
        throw thrown(
          statement.args.map((arg) => this.#evaluator.typed(arg, run)),
          run.caught,
        );
      case 'waitfor': {
        const delay = textOf(this.#evaluator.as({ name: 'varchar', length: 30 }, statement.delay, run));
        yield* sleep(delay, this.#session.state.timers, run.signal);
        return;
      }
      case 'execute':
      case 'executeText':
      default:
        yield* this.#execute.statement(statement, run);
    }
  }

  #declare(statement: Of<'declare'>, run: BatchRun): void {
    const isKnown = run.variables.has(statement.name.toLowerCase());
    if (isKnown && this.#declared.get(statement) !== run) throw errors.declaredTwice(statement.name);
    run.declare(statement.name, { type: statement.type, value: null });
    this.#declared.set(statement, run);
    if (statement.initial !== undefined) this.#evaluator.assign(statement.name, '=', statement.initial, run);
  }
}

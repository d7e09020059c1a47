/** EXEC: system procedures, sp_executesql and texts. */
import type { Reply, SqlParameter, SqlType } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import { parseParameters } from '../parser/parse-parameters.ts';
import type { Argument, ExecuteStatement } from '../parser/execute-ast.ts';
import { textOf } from '../query/text-of.ts';
import { converter, isCharacter } from '../values/index.ts';
import { BatchRun } from './batch-run.ts';
import type { Evaluator } from './evaluator.ts';
import { bindArguments, type GivenArgument } from '../query/procedure.ts';
import type { Replying } from './replies.ts';
import type { SessionState } from './session-state.ts';
import { isForOwners, systemProcedure } from './system-procedures.ts';
import type { StatementRunner } from './statement-runner.ts';

/** An argument with the variable that takes its value back. */
interface Evaluated extends GivenArgument {
  readonly back?: string;
}

/** Not an error for the client: the inner batch has reported it. */
export class BatchEnded extends Error {}

export class ExecuteRunner {
  readonly #session: SessionState;
  readonly #statements: StatementRunner;
  readonly #evaluator: Evaluator;
  readonly #text: (sql: string, run: BatchRun) => Replying<unknown>;

  constructor(
    session: SessionState,
    statements: StatementRunner,
    evaluator: Evaluator,
    text: (sql: string, run: BatchRun) => Replying<unknown>,
  ) {
    this.#session = session;
    this.#statements = statements;
    this.#evaluator = evaluator;
    this.#text = text;
  }

  *statement(statement: ExecuteStatement, run: BatchRun): Replying {
    if (statement.kind === 'executeText') {
      const sql = this.#evaluator.as({ name: 'nvarchar', length: 'max' }, statement.text, run);
      yield* this.#nested(textOf(sql), this.#inner(run));
      return;
    }
    const args = statement.args.map((argument) => this.#argument(argument, run));
    if (statement.procedure.at(-1)?.toLowerCase() === 'sp_executesql') yield* this.#executeSql(args, run);
    else yield* this.#procedure(statement.procedure, args, run);
    const variable =
      statement.returns === undefined ? undefined : run.variables.get(statement.returns.toLowerCase());
    if (variable !== undefined) variable.value = 0;
  }

  /** A procedure by the name that a client sends. */
  *named(name: string, parameters: readonly SqlParameter[], run: BatchRun): Replying {
    const parts = name.split('.').map((part) => part.replaceAll(/[[\]]/g, ''));
    const given = parameters.map(({ name: parameter, type, value }) => ({
      type,
      value,
      ...(parameter !== '' && { name: parameter }),
    }));
    yield* this.#procedure(parts, given, run);
  }

  /** Where the inner batch had to end the outer one ends too. */
  *#nested(sql: string, inner: BatchRun): Replying {
    if ((yield* this.#text(sql, inner)) === 'abort') throw new BatchEnded('The batch has ended.');
  }

  #inner(run: BatchRun): BatchRun {
    const inner = new BatchRun(this.#session, this.#session.state.nowMs, run.signal);
    inner.caught = run.caught;
    return inner;
  }

  #argument({ name, value, output }: Argument, run: BatchRun): Evaluated {
    const { type, value: result } = this.#evaluator.typed(value, run);
    const back = output && value.kind === 'variable' ? { back: value.name } : {};
    return { type, value: result, ...(name !== undefined && { name }), ...back };
  }

  /** sp_executesql N'text', N'@a int, @b int OUTPUT', values by place or by name. */
  *#executeSql(args: readonly Evaluated[], run: BatchRun): Replying {
    const [text, declarations, ...values] = args;
    if (text === undefined) throw errors.missingParameter('sp_executesql', '@statement');
    if (!isCharacter(text.type) || !text.type.name.endsWith('varchar')) throw errors.statementType();
    const inner = this.#inner(run);
    const declared =
      declarations === undefined || declarations.value === null
        ? []
        : parseParameters(textOf(declarations.value));
    declared.forEach(({ name, type, initial }, i) => {
      const given =
        values.find((value) => value.name?.toLowerCase() === name.toLowerCase()) ??
        (values[i]?.name === undefined ? values[i] : undefined);
      if (given === undefined && initial === undefined) throw errors.missingExecuteParameter(name);
      inner.declare(name, {
        type,
        value: given === undefined || given.value === null ? null : converter(given.type, type)(given.value),
      });
    });
    yield* this.#nested(textOf(text.value), inner);
    declared.forEach(({ name, type }, i) => this.#giveBack(name, type, values, i, inner, run));
  }

  #giveBack(
    name: string,
    type: SqlType,
    values: readonly Evaluated[],
    place: number,
    inner: BatchRun,
    run: BatchRun,
  ): void {
    const given = values.find((value) => value.name?.toLowerCase() === name.toLowerCase()) ?? values[place];
    const variable = given?.back === undefined ? undefined : run.variables.get(given.back.toLowerCase());
    const result = inner.variables.get(name.toLowerCase())?.value ?? null;
    if (variable !== undefined)
      variable.value = result === null ? null : converter(type, variable.type)(result);
  }

  *#procedure(name: readonly string[], args: readonly GivenArgument[], run: BatchRun): Replying {
    const own = name.at(-1)?.toLowerCase() ?? '';
    const procedure = systemProcedure(own);
    const schema = name.length > 1 ? (name.at(-2) ?? '').toLowerCase() : 'sys';
    if (procedure === undefined || (schema !== 'sys' && schema !== 'dbo' && schema !== ''))
      throw errors.unknownProcedure(name);
    const database =
      name.length > 2 ? this.#session.state.database(name.at(-3) ?? '') : this.#session.database;
    this.#session.requireOpen(database);
    if (isForOwners(own) && !this.#session.access(database).owner) throw errors.captureNotAuthorised();
    const values = bindArguments(own, procedure, args);
    const replies: Reply[] = [];
    const { state } = this.#session;
    yield* this.#statements.within(procedure.writes ? database : undefined, run, (transaction) =>
      procedure.run({
        database,
        state,
        transaction,
        values,
        access: this.#session.access(database),
        compilation: this.#statements.compilation(run),
        emit: (reply) => replies.push(reply),
      }),
    );
    yield* replies;
    yield { kind: 'done' };
  }
}

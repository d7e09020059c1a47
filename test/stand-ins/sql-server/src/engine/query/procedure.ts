/** A system procedure: its parameters, and what it does. */
import type { Reply, SqlType, SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Compilation } from './scope.ts';
import type { Access } from '../security/access.ts';
import type { ServerState } from '../server/server-state.ts';
import type { Database } from '../storage/database.ts';
import type { Transaction } from '../storage/transaction.ts';
import { converter } from '../values/index.ts';

export interface ProcedureParameter {
  readonly name: string;
  readonly type: SqlType;
  readonly required?: boolean;
}

export interface ProcedureCall {
  readonly database: Database;
  readonly state: ServerState;
  readonly transaction: Transaction;
  readonly access: Access;
  /** Of the session's database. */
  readonly compilation: Compilation;
  /** By parameter name in lower case; what was not given is missing. */
  readonly values: Readonly<Record<string, SqlValue>>;
  emit(reply: Reply): void;
}

export interface Procedure {
  readonly parameters: readonly ProcedureParameter[];
  /** Takes the write lock of the database first. */
  readonly writes: boolean;
  run(call: ProcedureCall): void;
}

export interface GivenArgument {
  readonly name?: string;
  readonly type: SqlType;
  readonly value: SqlValue;
}

/** Matches arguments with parameters, by name or by place. Errors 201, 8144, 8145. */
export function bindArguments(
  procedure: string,
  { parameters }: Procedure,
  given: readonly GivenArgument[],
): Record<string, SqlValue> {
  const values: Record<string, SqlValue> = {};
  given.forEach((argument, i) => {
    const parameter =
      argument.name === undefined
        ? parameters[i]
        : parameters.find(({ name }) => name.toLowerCase() === argument.name?.toLowerCase());
    if (parameter === undefined)
      throw argument.name === undefined
        ? errors.tooManyArguments(procedure)
        : errors.unknownParameter(procedure, argument.name);
    values[parameter.name] =
      argument.value === null ? null : converter(argument.type, parameter.type)(argument.value);
  });
  for (const { name, required } of parameters)
    if (required === true && !(name in values)) throw errors.missingParameter(procedure, name);
  return values;
}

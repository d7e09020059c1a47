/** Who runs which statement. */
import type { Statement } from './statement-ast.ts';

export type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

/** `accepts` is for the type system only. */
type Guard<S extends Statement> = ((statement: Statement) => statement is S) & { readonly accepts?: S };

function oneOf<K extends Statement['kind']>(...kinds: readonly K[]): Guard<Of<K>> {
  const known: ReadonlySet<string> = new Set(kinds);
  return (statement): statement is Of<K> => known.has(statement.kind);
}

/** Statements that run others, or end them. */
export const isControl = oneOf('block', 'if', 'while', 'break', 'continue', 'return', 'try');

/** Statements that change the variables and messages of a batch. */
export const isScript = oneOf(
  'declare',
  'declareTable',
  'set',
  'print',
  'raiserror',
  'throw',
  'waitfor',
  'execute',
  'executeText',
);

export const isWrite = oneOf('insert', 'update', 'delete', 'merge');

export const isDefinition = oneOf(
  'createSchema',
  'dropSchema',
  'createTable',
  'dropTable',
  'alterTable',
  'createIndex',
  'dropIndex',
  'createType',
  'dropType',
  'truncate',
);

/** Statements about the session and the server. */
export const isOfSession = oneOf(
  'begin',
  'commit',
  'rollback',
  'save',
  'use',
  'setOption',
  'setIsolation',
  'setIdentityInsert',
  'createDatabase',
  'dropDatabase',
  'alterDatabase',
  'principal',
  'permission',
);

type Accepted<G> = G extends { readonly accepts?: infer S } ? S : never;

export type ControlStatement = Accepted<typeof isControl>;
export type ScriptStatement = Accepted<typeof isScript>;
export type WriteStatement = Accepted<typeof isWrite>;
export type DefinitionStatement = Accepted<typeof isDefinition>;
export type SessionStatement = Accepted<typeof isOfSession>;

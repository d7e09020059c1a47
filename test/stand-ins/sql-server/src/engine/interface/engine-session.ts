/**
 * What stands between the TDS server and the T-SQL engine. The server decodes requests into `Batch`, the engine
 * answers with a stream of `Reply`, the server encodes it. Neither knows the other's inside.
 */

export type SqlTypeName =
  | 'bit'
  | 'tinyint'
  | 'smallint'
  | 'int'
  | 'bigint'
  | 'real'
  | 'float'
  | 'decimal'
  | 'numeric'
  | 'money'
  | 'smallmoney'
  | 'char'
  | 'varchar'
  | 'nchar'
  | 'nvarchar'
  | 'text'
  | 'ntext'
  | 'xml'
  | 'binary'
  | 'varbinary'
  | 'image'
  | 'timestamp'
  | 'date'
  | 'time'
  | 'datetime'
  | 'smalldatetime'
  | 'datetime2'
  | 'datetimeoffset'
  | 'uniqueidentifier'
  | 'sql_variant'
  | 'hierarchyid'
  | 'geography'
  | 'geometry';

export interface SqlType {
  readonly name: SqlTypeName;
  /** Characters of (n)char and (n)varchar, bytes of binary and varbinary; 'max' for the large types. */
  readonly length?: number | 'max';
  /** decimal and numeric. */
  readonly precision?: number;
  /** decimal and numeric: digits after the point; time, datetime2 and datetimeoffset: digits of the second. */
  readonly scale?: number;
}

/** Exact decimal: `unscaled` / 10^`scale`. Also money (scale 4). */
export interface SqlDecimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

/**
 * date: `days` only; time: `ticks` only (days 0); datetime, smalldatetime, datetime2: both, local; datetimeoffset:
 * both in UTC plus `offsetMinutes`. Days since 0001-01-01, ticks of 100 ns since midnight.
 */
export interface SqlMoment {
  readonly days: number;
  readonly ticks: bigint;
  readonly offsetMinutes?: number;
}

/**
 * By type: bit → boolean; tinyint…int, real, float → number; bigint → bigint; decimal, numeric, money → SqlDecimal;
 * character types, xml, uniqueidentifier (upper case) → string; binary types → Uint8Array; date and time types →
 * SqlMoment; sql_variant → SqlVariant; hierarchyid, geography, geometry → Uint8Array, their binary form.
 */
export type SqlValue =
  null | boolean | number | bigint | string | Uint8Array | SqlDecimal | SqlMoment | SqlVariant;

export interface SqlVariant {
  readonly type: SqlType;
  readonly value: SqlValue;
}

export interface SqlParameter {
  /** With its `@`; empty when given by place. */
  readonly name: string;
  readonly type: SqlType;
  readonly value: SqlValue;
  readonly output?: boolean;
}

export interface ResultColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly identity?: boolean;
}

/** A SQL Server error or message. Class (severity) below 11 is information; 20 and above ends the connection. */
export interface SqlMessage {
  readonly number: number;
  readonly severity: number;
  readonly state: number;
  readonly message: string;
  readonly line: number;
  readonly procedure?: string;
}

/** The statements that a client tells apart by the end of their result: only after these it believes a count. */
export type StatementCommand =
  | 'select'
  | 'selectInto'
  | 'insert'
  | 'update'
  | 'delete'
  | 'merge'
  | 'createTable'
  | 'alterTable'
  | 'dropTable'
  | 'createIndex'
  | 'dropIndex'
  | 'createSchema'
  | 'dropSchema'
  | 'createType'
  | 'dropType'
  | 'createDatabase'
  | 'dropDatabase'
  | 'execute';

export type Reply =
  | { readonly kind: 'columns'; readonly columns: readonly ResultColumn[] }
  | { readonly kind: 'row'; readonly values: readonly SqlValue[] }
  /** End of one statement. `count` is absent under SET NOCOUNT ON and for statements without one. */
  | {
      readonly kind: 'done';
      readonly count?: number;
      readonly inProcedure?: boolean;
      readonly command?: StatementCommand;
    }
  | { readonly kind: 'message'; readonly message: SqlMessage }
  | { readonly kind: 'output'; readonly name: string; readonly type: SqlType; readonly value: SqlValue }
  | { readonly kind: 'return'; readonly status: number }
  | { readonly kind: 'database'; readonly name: string }
  | { readonly kind: 'transaction'; readonly event: 'begin' | 'commit' | 'rollback'; readonly id: bigint };

export type IsolationLevel =
  'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable' | 'snapshot';

/** One connection's state: database, transaction, SET options, prepared statements, temp objects. */
export interface EngineSession {
  readonly id: number;
  readonly database: string;
  /** Transaction descriptor for the headers of the protocol; 0n outside a transaction. */
  readonly transactionId: bigint;
  /** A text with its parameters, as SQLBatch and sp_executesql send it. Pull to go on: the consumer sets the pace. */
  batch(sql: string, parameters: readonly SqlParameter[], signal: AbortSignal): AsyncIterable<Reply>;
  /** A named procedure, as an RPC sends it (sp_executesql itself is for `batch`). */
  procedure(name: string, parameters: readonly SqlParameter[], signal: AbortSignal): AsyncIterable<Reply>;
  begin(isolation: IsolationLevel | undefined, name: string): AsyncIterable<Reply>;
  commit(): AsyncIterable<Reply>;
  /** To the savepoint of that name when there is one, else all of it. */
  rollback(name: string): AsyncIterable<Reply>;
  save(name: string): AsyncIterable<Reply>;
  /** The connection is gone or reset: rolls back what is open. */
  reset(): void;
  close(): void;
}

export interface LoginRequest {
  readonly user: string;
  readonly password: string;
  /** Empty for the login's default database (`master`). */
  readonly database: string;
  readonly appName: string;
  readonly hostName: string;
  /** Of an identity of Microsoft Entra ID, instead of user and password, which are empty then. */
  readonly token?: string;
}

export type LoginResult =
  { readonly ok: true; readonly session: EngineSession } | { readonly ok: false; readonly error: SqlMessage };

export interface SqlEngine {
  /** 18456 for a wrong user, password or token, 4060 (with 18456 after it, as SQL Server does) for an unknown database. */
  login(request: LoginRequest): LoginResult;
  close(): void;
}

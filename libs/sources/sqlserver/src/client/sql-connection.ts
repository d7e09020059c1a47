import { unlessAborted } from '@dstream/async';
import { DStreamError, type TokenCredential } from '@dstream/core';
import { Connection, Request, TYPES, type ConnectionConfiguration } from 'tedious';
import type { Login } from '../address/login.ts';
import { placeOf, type SqlServerAddress } from '../address/sql-server-address.ts';
import type { Parameter, Statement } from './sql-client.ts';
import { lostConnection, translateError, type ErrorScene, type Who } from './sql-errors.ts';

/** How a connection is opened. Contains the login: a secret. */
export interface ConnectionSettings {
  readonly address: SqlServerAddress;
  readonly applicationName: string;
  /** Bytes of a TDS packet, requested at login. Measured: see the README. */
  readonly packetSize: number;
}

/** Called for every row: `set` is the number of the result set, from 0. */
export type OnRow = (set: number, values: unknown[]) => void;

/** A statement that runs. Pausing stops the socket, so the server stops sending. */
export interface RunningRequest {
  /** Rejects with a DStreamError. */
  readonly done: Promise<void>;
  pause(): void;
  resume(): void;
}

interface Cell {
  readonly value: unknown;
}

/** One connection of tedious, used with promises. A connection that failed or was left midway is closed. */
export class SqlConnection {
  readonly #connection: Connection;
  readonly #scene: ErrorScene;
  #running: Request | undefined;
  #closed = false;

  private constructor(connection: Connection, scene: ErrorScene) {
    this.#connection = connection;
    this.#scene = scene;
  }

  /** Connects and logs in. Rejects with LoginFailed, DatabaseNotFound, ConfigInvalid (certificate) or a `retry`. */
  static async open(settings: ConnectionSettings, signal: AbortSignal): Promise<SqlConnection> {
    signal.throwIfAborted();
    const { address } = settings;
    const connection = new Connection(configurationOf(settings, signal));
    const loginNumbers: number[] = [];
    const scene = {
      place: placeOf(address),
      asksBrowser: address.port === undefined,
      database: address.database,
      who: whoOf(address.login),
      loginNumbers,
    };
    connection.on('errorMessage', ({ number }) => loginNumbers.push(number));
    const opened = new SqlConnection(connection, { ...scene, connected: true, loginNumbers: [] });
    connection.on('end', () => (opened.#closed = true));
    connection.on('error', () => opened.close()); // without a listener a broken socket would end the process
    await connected(connection, signal).catch((error: unknown) => {
      connection.close();
      throw signal.aborted ? signal.reason : translateError(error, scene);
    });
    connection.removeAllListeners('errorMessage');
    return opened;
  }

  /** False when it cannot be used any more. */
  get usable(): boolean {
    return !this.#closed;
  }

  /** Starts a statement. One at a time. */
  run(statement: Statement, onRow: OnRow): RunningRequest {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const request = new Request(statement.text, (error) => {
      this.#running = undefined;
      if (error === null || error === undefined) resolve();
      else reject(translateError(error, this.#scene));
    });
    statement.parameters.forEach((parameter) => addParameter(request, parameter));
    let set = -1;
    request.on('columnMetadata', () => (set += 1));
    request.on('row', (cells: readonly Cell[]) => {
      // A batch may continue after an error: the sets after it then have other numbers, and all their rows are dropped.
      if (request.error === undefined) onRow(set, valuesOf(cells));
    });
    if (this.#closed) reject(new DStreamError('Unreachable', lostConnection(this.#scene)));
    else {
      this.#running = request;
      this.#connection.execSql(request);
    }
    return { done: promise, pause: () => request.pause(), resume: () => request.resume() };
  }

  /**
   * Idempotent. A request under way fails. The driver (20.3.9) throws out of an event, which ends the process, when a connection is
   * closed between the last token of a response and its end: so the response is paused first, and the close follows one turn later, after an end that is already on its way.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#running === undefined) return this.#connection.close();
    this.#running.pause();
    setImmediate(() => this.#connection.close());
  }
}

function connected(connection: Connection, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  connection.connect((error) => (error === undefined ? resolve() : reject(error)));
  return unlessAborted(promise, signal);
}

function valuesOf(cells: readonly Cell[]): unknown[] {
  return cells.map(({ value }) => value);
}

/** varbinary(8000); what is longer is varbinary(max). */
const longestVarBinary = 8_000;

function addParameter(request: Request, parameter: Parameter): void {
  const { name } = parameter;
  switch (parameter.type) {
    case 'lsn':
      return request.addParameter(name, TYPES.Binary, parameter.value, { length: 10 });
    case 'lsns':
      // Two lengths, not as many as there are values: it is part of the statement that the server keeps a plan of.
      return request.addParameter(name, TYPES.VarBinary, parameter.value, {
        length: parameter.value.length > longestVarBinary ? Infinity : longestVarBinary,
      });
    case 'int':
      return request.addParameter(name, TYPES.Int, parameter.value);
    case 'name':
      return request.addParameter(name, TYPES.NVarChar, parameter.value, { length: 128 });
  }
}

function configurationOf(
  { address, applicationName, packetSize }: ConnectionSettings,
  signal: AbortSignal,
): ConnectionConfiguration {
  const { host, port, instance, database, login } = address;
  return {
    server: host,
    authentication: authenticationOf(login, signal),
    options: {
      // The port wins over the instance, as in ADO.NET; the driver refuses both.
      ...(port === undefined ? { instanceName: instance } : { port }),
      ...(address.hostNameInCertificate === undefined ? {} : { serverName: address.hostNameInCertificate }),
      database,
      encrypt: address.encrypt,
      trustServerCertificate: address.trustServerCertificate,
      appName: address.applicationName ?? applicationName,
      connectTimeout: address.connectTimeoutMs,
      multiSubnetFailover: address.multiSubnetFailover,
      readOnlyIntent: address.readOnlyIntent,
      packetSize,
      requestTimeout: 0, // our own watchdog also sees a result that stalls midway
      maxRetriesOnTransientErrors: 0, // retrying is the caller's, with its back-off
      useUTC: true,
    },
  };
}

type Authentication = NonNullable<ConnectionConfiguration['authentication']>;

/**
 * A login in the form of tedious. A token is requested for each new connection: the credential knows when it has expired.
 * @param signal aborts the request for a token, together with the connection it is for
 */
export function authenticationOf(login: Login, signal: AbortSignal): Authentication {
  return login.kind === 'password'
    ? { type: 'default', options: { userName: login.user, password: login.password } }
    : { type: 'token-credential', options: { credential: forDatabases(login.credential, signal) } };
}

function whoOf(login: Login): Who {
  return login.kind === 'password' ? { user: login.user } : { identity: login.identity.kind };
}

/**
 * During the login the server names the resource that it wants a token of (FEDAUTHINFO, [MS-TDS] 2.2.7.12), and the driver
 * obeys. A database's are `https://database.windows.net/` and its kin in the national clouds; a token of
 * anything else is not for it.
 */
function forDatabases(credential: TokenCredential, signal: AbortSignal): TokenCredential {
  return {
    getToken: async (scopes) => {
      for (const scope of [scopes].flat())
        if (!/^https:\/\/database\.[a-z.]+\/\/?\.default$/.test(scope)) throw foreignScope(scope);
      return credential.getToken(scopes, { abortSignal: signal });
    },
  };
}

function foreignScope(scope: string): DStreamError {
  return new DStreamError(
    'Unauthorized',
    `SQL Server asks for a token of "${scope}", which is not for a database, so none was sent; check the server's name`,
  );
}

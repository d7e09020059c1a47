/** Finds what a statement names, for one session, and remembers whether the result may be kept for other sessions. */
import { allChangesFunction } from '../catalogue/change-table-view.ts';
import type { CaptureInstance } from '../storage/capture-instance.ts';
import { captureOf, findView } from './catalogue-views.ts';
import type { SqlType } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Name, Query } from '../parser/ast.ts';
import { compileQuery } from '../query/compile-query.ts';
import type { Compilation, Scope } from '../query/scope.ts';
import type { EngineFunction } from '../query/engine-function.ts';
import type { StoredTable, TableLike, VirtualTable } from '../query/table-like.ts';
import type { Compiled, CompiledQuery } from '../query/compiled.ts';
import type { Access } from '../security/access.ts';
import { mayReadCapture } from '../security/capture-access.ts';
import type { ServerState } from '../server/server-state.ts';
import type { Database } from '../storage/database.ts';
import type { Table } from '../storage/table.ts';

export interface Surroundings {
  readonly state: ServerState;
  readonly database: Database;
  readonly functions: ReadonlyMap<string, EngineFunction>;
  variableType(name: string): SqlType | undefined;
  temporaryTable(name: string): Table | undefined;
  tableVariable(name: string): Table | undefined;
  /** Error 916. */
  access(database: Database): Access;
}

export class StatementCompilation implements Compilation {
  readonly #around: Surroundings;
  /** Set when the result depends on objects of this session. */
  sessionBound = false;
  /** The capture instances whose change tables are read. */
  readonly captures = new Set<CaptureInstance>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  get database(): Database {
    return this.#around.database;
  }

  readonly compileQuery = (query: Query, outer: Scope | undefined): CompiledQuery =>
    compileQuery(query, outer, this);

  variable(name: string): SqlType {
    const type = this.#around.variableType(name);
    if (type === undefined) throw errors.undeclared(name);
    return type;
  }

  tableVariable(name: string): TableLike {
    this.sessionBound = true;
    const table = this.#around.tableVariable(name);
    if (table === undefined) throw errors.undeclaredTable(name);
    return { kind: 'stored', table, database: undefined };
  }

  /** Errors 208, 229, 262, 911, 916. */
  table(name: Name, permission = 'SELECT'): TableLike {
    const own = name.at(-1) ?? '';
    if (own.startsWith('#')) return this.#temporary(name, own);
    const database = this.databaseOf(name);
    const schema = name.length > 1 && name.at(-2) !== '' ? (name.at(-2) ?? '') : 'dbo';
    const table = database.table(schema, own);
    if (table !== undefined) {
      this.#require(permission, database, table.schema, table.name);
      return { kind: 'stored', table, database };
    }
    const view = findView(schema, own, { state: this.#around.state, database });
    if (view === undefined) throw errors.unknownObject(name);
    const ofCapture = database.collation.fold(schema) === 'cdc';
    const instance = ofCapture && captureOf(own, database);
    if (instance) this.captures.add(instance);
    if (ofCapture) this.#require(permission, database, 'cdc', own);
    else if (database.collation.fold(schema) === 'dbo') this.#require(permission, database, 'dbo', own);
    else this.#requireState(database, own);
    return view;
  }

  #require(permission: string, database: Database, schema: string, name: string): void {
    if (!this.#around.access(database).may(permission, schema, name))
      throw errors.permissionDenied(permission, name, database.name, schema);
  }

  /** Views of the server's state ask for a permission of their own. */
  #requireState(database: Database, view: string): void {
    const permission = 'VIEW DATABASE STATE';
    if (/^dm_cdc/i.test(view) && !this.#around.access(database).mayDatabase(permission))
      throw errors.databasePermissionDenied(permission, database.name);
    if (/^dm_server/i.test(view) && !this.#around.access(database).mayDatabase('VIEW SERVER STATE'))
      throw errors.serverPermissionDenied('VIEW SERVER STATE');
  }

  #temporary(name: Name, own: string): StoredTable {
    this.sessionBound = true;
    const table = this.#around.temporaryTable(own);
    if (table === undefined) throw errors.unknownObject(name);
    return { kind: 'stored', table, database: undefined };
  }

  /** The database that a name of three parts names. Errors 911, 942. */
  databaseOf(name: Name): Database {
    const part = name.length > 2 ? (name.at(-3) ?? '') : '';
    const database = part === '' ? this.database : this.#around.state.database(part);
    if (database.offline) throw errors.databaseOffline(database.name);
    return database;
  }

  tableFunction(name: Name, args: readonly Compiled[]): VirtualTable {
    const database = this.databaseOf(name);
    const { cdc, collation } = database;
    const own = name.at(-1) ?? '';
    const isCdc = collation.fold(name.at(-2) ?? '') === 'cdc' && cdc !== undefined;
    const prefix = 'fn_cdc_get_all_changes_';
    const instance =
      isCdc && collation.fold(own).startsWith(prefix) ? cdc.instance(own.slice(prefix.length)) : undefined;
    if (!isCdc || instance === undefined) throw errors.unknownObject(name);
    if (!mayReadCapture(this.#around.access(database), instance))
      throw errors.permissionDenied('SELECT', `${prefix}${instance.name}`, database.name, 'cdc');
    if (instance.changeTableGone) throw errors.unknownObject(['cdc', `${instance.name}_CT`]);
    this.captures.add(instance);
    return allChangesFunction(cdc, instance, args);
  }

  engineFunction(name: Name): EngineFunction | undefined {
    return name.length > 2 ? this.#functionOf(name) : this.#function(name);
  }

  /** `db.sys.fn_cdc_…` works on the database that it names. Errors 911, 916. */
  #functionOf(name: Name): EngineFunction | undefined {
    const found = this.#function(name.slice(-2));
    if (found === undefined || !/^fn_cdc_/i.test(name.at(-1) ?? '')) return undefined;
    const database = this.databaseOf(name);
    this.#around.access(database);
    return { ...found, call: (args, frame) => found.call(args, frame, database) };
  }

  #function(name: Name): EngineFunction | undefined {
    const full = name.join('.').toLowerCase();
    return this.#around.functions.get(
      full.startsWith('sys.') && !full.startsWith('sys.fn_cdc') ? full.slice(4) : full,
    );
  }
}

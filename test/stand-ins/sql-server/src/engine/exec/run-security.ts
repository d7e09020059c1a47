/** CREATE, ALTER and DROP of principals, and what is granted to them. Done at once, outside of transactions. */
import { errors } from '../errors/errors.ts';
import type { PermissionStatement, PrincipalStatement } from '../parser/security-ast.ts';
import { MSDB } from '../catalogue/job-views.ts';
import type { ServerState } from '../server/server-state.ts';
import type { Database } from '../storage/database.ts';
import type { Securable } from '../storage/database-security.ts';

export interface SecurityContext {
  readonly state: ServerState;
  readonly database: Database;
}

export function runPrincipal(statement: PrincipalStatement, { state, database }: SecurityContext): void {
  state.version++;
  switch (statement.what) {
    case 'login':
      changeLogin(statement, state);
      return;
    case 'user':
      changeUser(statement, state, database);
      return;
    case 'server role':
      changeServerRole(statement, state);
      return;
    case 'role':
    default:
      changeRole(statement, database);
  }
}

/** Errors 15025 for one that is there, 15151 for one that is not. */
function changeLogin(
  { action, name, password, enabled, ifExists }: PrincipalStatement,
  state: ServerState,
): void {
  const { logins } = state;
  const found = logins.find(name);
  if (action === 'create') {
    if (found !== undefined) throw errors.loginExists(name);
    logins.add(name, password);
  } else if (found === undefined) {
    if (!ifExists) throw errors.principalMissing('login', name);
  } else if (action === 'drop') logins.all.delete(name.toLowerCase());
  else {
    if (enabled !== undefined) found.enabled = enabled;
    if (password !== undefined) found.password = password;
  }
}

/** Errors 15007 for a login that is not there, 15023 for a user that is, 15151 for one that is not. */
function changeUser(
  { action, name, login, external, ifExists }: PrincipalStatement,
  { logins }: ServerState,
  { security }: Database,
): void {
  const there = security.users.has(name.toLowerCase());
  if (action === 'drop') {
    if (there) security.remove(name);
    else if (!ifExists) throw errors.principalMissing('user', name);
  } else if (action === 'create') {
    if (security.has(name)) throw errors.principalExists(name);
    if (login !== undefined && external !== true && logins.find(login) === undefined)
      throw errors.loginInvalid(login);
    security.addUser(name, login);
  } else if (!there) throw errors.principalMissing('user', name);
}

function changeServerRole({ name, member }: PrincipalStatement, { logins }: ServerState): void {
  if (name.toLowerCase() !== 'sysadmin' || member === undefined)
    throw errors.principalMissing('server role', name);
  const login = logins.find(member.name);
  if (login === undefined) throw errors.principalMissing('login', member.name);
  login.sysadmin = member.add;
}

function changeRole({ action, name, member, ifExists }: PrincipalStatement, { security }: Database): void {
  const role = security.roles.get(name.toLowerCase());
  if (action === 'create') {
    if (security.has(name)) throw errors.principalExists(name);
    security.addRole(name);
  } else if (role === undefined || (action === 'drop' && role.fixed)) {
    if (!ifExists) throw errors.principalMissing('role', name);
  } else if (action === 'drop') security.remove(name);
  else if (member !== undefined) {
    if (!security.has(member.name)) throw errors.principalMissing('user', member.name);
    if (member.add) role.members.add(member.name.toLowerCase());
    else role.members.delete(member.name.toLowerCase());
  }
}

/** Error 15151 for a principal or a securable that is not there. */
export function runPermission(statement: PermissionStatement, { state, database }: SecurityContext): void {
  state.version++;
  for (const grantee of statement.grantees) {
    if (isOfServer(statement, grantee, state)) grantOnServer(statement, grantee, state);
    else grantInDatabase(statement, grantee, database);
  }
}

const OF_SERVER = /SERVER|^VIEW ANY|^ALTER ANY (?:LOGIN|DATABASE)|^CONNECT (?:SQL|ANY)/;

const isOfServer = (
  { on, permissions }: PermissionStatement,
  grantee: string,
  { logins }: ServerState,
): boolean =>
  on?.class === 'server' ||
  (on === undefined &&
    logins.find(grantee) !== undefined &&
    permissions.every(({ name }) => OF_SERVER.test(name)));

function grantOnServer(
  { action, permissions }: PermissionStatement,
  grantee: string,
  state: ServerState,
): void {
  const login = state.logins.find(grantee);
  if (login === undefined) throw errors.principalMissing('login', grantee);
  for (const { name } of permissions) {
    if (action === 'grant') login.permissions.add(name);
    else login.permissions.delete(name);
  }
}

function grantInDatabase(
  { action, permissions, on, grantees }: PermissionStatement,
  grantee: string,
  database: Database,
): void {
  const { security } = database;
  if (!security.has(grantee)) throw errors.principalMissing('user', grantees.join(', '));
  const securable = securableOf(on, database);
  for (const { name, columns } of permissions) {
    const grant = {
      grantee: grantee.toLowerCase(),
      permission: name,
      on: securable,
      columns: columns.map((column) => column.toLowerCase()),
    };
    if (action === 'revoke') security.revoke(grant);
    else security.set({ ...grant, deny: action === 'deny' });
  }
}

function securableOf(on: PermissionStatement['on'], database: Database): Securable {
  if (on === undefined || on.class === 'database') return { kind: 'database' };
  const own = on.name.at(-1) ?? '';
  if (on.class === 'schema') {
    if (database.schema(own) === undefined) throw errors.principalMissing('schema', own);
    return { kind: 'schema', schema: own };
  }
  const schema = on.name.at(-2) || 'dbo';
  const known = database.table(schema, own) !== undefined || isOfCapture(schema, own, database);
  if (!known && !(database.name === 'msdb' && own.toLowerCase() in MSDB))
    throw errors.principalMissing('object', own);
  return { kind: 'object', schema, name: own };
}

const OF_CAPTURE = /^(?:change_tables|captured_columns|index_columns|ddl_history|lsn_time_mapping)$/i;

function isOfCapture(schema: string, name: string, { cdc }: Database): boolean {
  if (cdc === undefined || schema.toLowerCase() !== 'cdc') return false;
  const instance = /^(.*)_CT$/i.exec(name)?.[1] ?? /^fn_cdc_get_(?:all|net)_changes_(.*)$/i.exec(name)?.[1];
  return OF_CAPTURE.test(name) || (instance !== undefined && cdc.instance(instance) !== undefined);
}

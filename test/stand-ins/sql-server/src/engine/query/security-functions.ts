/** Functions that ask who somebody is and what he may do ("Security functions"). */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import type { ServerState } from '../server/server-state.ts';
import { define, type EngineFunction } from './engine-function.ts';
import type { Run } from './run.ts';
import { splitName } from './split-name.ts';
import { textOf } from './text-of.ts';

const NAME: SqlType = { name: 'nvarchar', length: 128 };
const TEXT: SqlType = { name: 'nvarchar', length: 4000 };
const INT: SqlType = { name: 'int' };

const asInt = (holds: boolean): SqlValue => (holds ? 1 : 0);

export function makeSecurityFunctions(state: ServerState): Readonly<Record<string, EngineFunction>> {
  return {
    user_name: define(NAME, [], (_args, run) => run.session.access(run.session.database).user),
    suser_id: define(
      INT,
      [NAME],
      ([name], run) => state.logins.find(typeof name === 'string' ? name : run.session.user)?.id ?? null,
      0,
    ),
    user_id: define(INT, [NAME], ([name], run) => principalId(run, textOf(name))),
    database_principal_id: define(INT, [NAME], ([name], run) => principalId(run, textOf(name))),
    /** NULL for a role that is not there. */
    is_member: define(INT, [NAME], ([role], run) => memberOf(run, textOf(role))),
    is_rolemember: define(INT, [NAME, NAME], ([role, user], run) => memberOf(run, textOf(role), user), 1),
    is_srvrolemember: define(INT, [NAME], ([role], run) =>
      asInt(
        textOf(role).toLowerCase() === 'sysadmin' &&
          run.session.access(run.session.database).owner &&
          state.logins.find(run.session.user)?.sysadmin !== false,
      ),
    ),
    has_perms_by_name: define(
      INT,
      [TEXT, NAME, NAME, NAME, NAME],
      ([securable, kind, permission, column], run) =>
        hasPermission(run, securable ?? null, textOf(kind), textOf(permission), column ?? null),
      3,
    ),
    has_dbaccess: define(INT, [NAME], ([name], run) => {
      const database = state.databases.get(textOf(name).toLowerCase());
      return database === undefined ? null : asInt(run.session.isOpen(database));
    }),
  };
}

const principalId = ({ session }: Run, name: string): SqlValue =>
  session.database.security.idOf(name) ?? null;

function memberOf({ session }: Run, role: string, user: SqlValue = null): SqlValue {
  const { security } = session.database;
  if (!security.roles.has(role.toLowerCase())) return null;
  if (user === null) return asInt(session.access(session.database).isMember(role));
  const found = security.users.get(textOf(user).toLowerCase());
  return found === undefined ? null : asInt(security.principalsOf(found).has(role.toLowerCase()));
}

/** Objects and their columns, schemas and the database; NULL for anything else. */
function hasPermission(
  { session }: Run,
  securable: SqlValue,
  kind: string,
  permission: string,
  column: SqlValue,
): SqlValue {
  const access = session.access(session.database);
  const parts = splitName(typeof securable === 'string' ? securable : '');
  switch (kind.toUpperCase()) {
    case 'OBJECT':
      return asInt(
        access.mayColumns(
          permission.toUpperCase(),
          parts.at(-2) ?? 'dbo',
          parts.at(-1) ?? '',
          typeof column === 'string' ? [column] : [],
        ),
      );
    case 'SCHEMA':
      return asInt(access.may(permission.toUpperCase(), parts.at(-1) ?? '', ''));
    case 'DATABASE':
      return asInt(access.mayDatabase(permission.toUpperCase()));
    default:
      return access.owner ? 1 : null;
  }
}

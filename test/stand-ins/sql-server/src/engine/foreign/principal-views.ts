/** sys.server_principals, sys.database_principals, sys.database_role_members and sys.database_permissions. */
import type { Grant } from '../storage/database-security.ts';
import type { Database } from '../storage/database.ts';
import { types, view, type MakeView } from '../catalogue/view.ts';

export const serverPrincipals: MakeView = view(
  {
    name: types.sysname,
    principal_id: types.int,
    type: { name: 'char', length: 1 },
    type_desc: types.text,
    is_disabled: types.bit,
  },
  function* ({ state }) {
    for (const { name, id, enabled } of state.logins.all.values())
      yield { name, principal_id: id, type: 'S', type_desc: 'SQL_LOGIN', is_disabled: !enabled };
    yield { name: 'sysadmin', principal_id: 3, type: 'R', type_desc: 'SERVER_ROLE', is_disabled: false };
  },
);

export const databasePrincipals: MakeView = view(
  {
    name: types.sysname,
    principal_id: types.int,
    type: { name: 'char', length: 1 },
    type_desc: types.text,
    default_schema_name: types.sysname,
    is_fixed_role: types.bit,
  },
  function* ({ database: { security } }) {
    const user = (name: string, id: number) => ({
      name,
      principal_id: id,
      type: 'S',
      type_desc: 'SQL_USER',
      default_schema_name: 'dbo',
      is_fixed_role: false,
    });
    yield user('dbo', 1);
    for (const { name, id } of security.users.values()) yield user(name, id);
    for (const { name, id, fixed } of security.roles.values())
      yield { name, principal_id: id, type: 'R', type_desc: 'DATABASE_ROLE', is_fixed_role: fixed };
  },
);

export const roleMembers: MakeView = view(
  { role_principal_id: types.int, member_principal_id: types.int },
  function* ({ database: { security } }) {
    for (const { id, members } of security.roles.values())
      for (const member of members)
        yield { role_principal_id: id, member_principal_id: security.idOf(member) ?? null };
  },
);

/** Of columns only the object is told. */
export const databasePermissions: MakeView = view(
  {
    class: types.tinyint,
    class_desc: types.text,
    major_id: types.int,
    grantee_principal_id: types.int,
    permission_name: types.sysname,
    state_desc: types.text,
  },
  function* ({ database }) {
    for (const grant of database.security.grants)
      yield {
        ...securable(grant, database),
        grantee_principal_id: database.security.idOf(grant.grantee) ?? null,
        permission_name: grant.permission,
        state_desc: grant.deny ? 'DENY' : 'GRANT',
      };
  },
);

function securable({ on }: Grant, database: Database) {
  if (on.kind === 'database') return { class: 0, class_desc: 'DATABASE', major_id: 0 };
  if (on.kind === 'schema')
    return { class: 3, class_desc: 'SCHEMA', major_id: database.schema(on.schema)?.id ?? 0 };
  return {
    class: 1,
    class_desc: 'OBJECT_OR_COLUMN',
    major_id: database.table(on.schema, on.name)?.id ?? 0,
  };
}

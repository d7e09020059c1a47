/** What one login may do in one database. A denial counts more than any grant ("Permissions (Database Engine)"). */
import {
  keyOf,
  type DatabaseSecurity,
  type Grant,
  type Securable,
  type User,
} from '../storage/database-security.ts';

export interface Access {
  /** db_owner or sysadmin: everything. */
  readonly owner: boolean;
  /** The user of the database: `dbo` for a sysadmin. */
  readonly user: string;
  may(permission: string, schema: string, name: string): boolean;
  /** Of the whole object, or of each of these columns. */
  mayColumns(permission: string, schema: string, name: string, columns: readonly string[]): boolean;
  mayDatabase(permission: string): boolean;
  isMember(role: string): boolean;
  /** Some permission on the object makes its metadata visible ("Metadata visibility configuration"). */
  sees(schema: string, name: string): boolean;
}

export const EVERYTHING: Access = {
  owner: true,
  user: 'dbo',
  may: () => true,
  mayColumns: () => true,
  mayDatabase: () => true,
  isMember: (role) => role.toLowerCase() === 'db_owner' || role.toLowerCase() === 'public',
  sees: () => true,
};

/** In master and tempdb everybody is at least a guest: `public`, and nothing more. */
export function accessOf(
  security: DatabaseSecurity,
  user: User | undefined,
  ofServer: ReadonlySet<string>,
): Access {
  const principals = user === undefined ? new Set(['public']) : security.principalsOf(user);
  if (principals.has('db_owner'))
    return {
      ...EVERYTHING,
      user: user?.name ?? 'dbo',
      isMember: (role) => principals.has(role.toLowerCase()),
    };
  return new GrantedAccess(security, principals, user?.name ?? 'guest', ofServer);
}

/** Permissions on a database that are permissions on what is in it. */
const OF_OBJECTS = /^(?:SELECT|INSERT|UPDATE|DELETE|ALTER|CONTROL|REFERENCES|VIEW DEFINITION)$/;
/** Permissions on a database that the fixed roles imply for everything in it. */
const READS = ['db_datareader'];
const WRITES = ['db_datawriter'];

class GrantedAccess implements Access {
  readonly owner = false;
  readonly user: string;
  readonly #principals: ReadonlySet<string>;
  readonly #grants: readonly Grant[];
  readonly #ofServer: ReadonlySet<string>;

  constructor(
    security: DatabaseSecurity,
    principals: ReadonlySet<string>,
    user: string,
    ofServer: ReadonlySet<string>,
  ) {
    this.#ofServer = ofServer;
    this.user = user;
    this.#principals = principals;
    this.#grants = security.grants.filter(({ grantee }) => principals.has(grantee));
  }

  may(permission: string, schema: string, name: string): boolean {
    return this.mayColumns(permission, schema, name, []);
  }

  mayColumns(permission: string, schema: string, name: string, columns: readonly string[]): boolean {
    if (this.#deniedByRole(permission)) return false;
    const around = this.#on(permission, securablesOf(schema, name));
    const whole = around.filter((grant) => grant.columns.length === 0);
    if (whole.some(({ deny }) => deny)) return false;
    const part = (column: string): readonly Grant[] =>
      around.filter((grant) => grant.columns.includes(column.toLowerCase()));
    if (columns.some((column) => part(column).some(({ deny }) => deny))) return false;
    if (whole.length > 0 || this.#grantedByRole(permission)) return true;
    return columns.length > 0 && columns.every((column) => part(column).length > 0);
  }

  mayDatabase(permission: string): boolean {
    if (this.#ofServer.has(permission.replace('DATABASE', 'SERVER'))) return true;
    const found = this.#on(permission, [{ kind: 'database' }]);
    return found.length > 0 && !found.some(({ deny }) => deny);
  }

  isMember(role: string): boolean {
    return this.#principals.has(role.toLowerCase());
  }

  sees(schema: string, name: string): boolean {
    if (this.#has(READS) || this.#has(WRITES)) return true;
    const keys = new Set(securablesOf(schema, name).map(keyOf));
    return this.#grants.some(
      ({ on, deny, permission }) =>
        !deny && keys.has(keyOf(on)) && (on.kind !== 'database' || OF_OBJECTS.test(permission)),
    );
  }

  #on(permission: string, on: readonly Securable[]): readonly Grant[] {
    const keys = new Set(on.map(keyOf));
    return this.#grants.filter(
      (grant) =>
        (grant.permission === permission || grant.permission === 'CONTROL') && keys.has(keyOf(grant.on)),
    );
  }

  #has(roles: readonly string[]): boolean {
    return roles.some((role) => this.#principals.has(role));
  }

  #grantedByRole(permission: string): boolean {
    if (permission === 'SELECT') return this.#has(READS);
    return ['INSERT', 'UPDATE', 'DELETE'].includes(permission) && this.#has(WRITES);
  }

  #deniedByRole(permission: string): boolean {
    if (permission === 'SELECT') return this.#has(['db_denydatareader']);
    return ['INSERT', 'UPDATE', 'DELETE'].includes(permission) && this.#has(['db_denydatawriter']);
  }
}

const securablesOf = (schema: string, name: string): readonly Securable[] => [
  { kind: 'database' },
  { kind: 'schema', schema },
  { kind: 'object', schema, name },
];

/** Users, roles and what was granted to them in one database ("Permissions (Database Engine)"). */

export interface User {
  readonly id: number;
  readonly name: string;
  /** The login it is for, in lower case. */
  readonly login: string | undefined;
}

export interface Role {
  readonly id: number;
  readonly name: string;
  readonly fixed: boolean;
  /** Users and roles, in lower case. */
  readonly members: Set<string>;
}

export type Securable =
  | { readonly kind: 'database' }
  | { readonly kind: 'schema'; readonly schema: string }
  | { readonly kind: 'object'; readonly schema: string; readonly name: string };

export interface Grant {
  /** In lower case. */
  readonly grantee: string;
  readonly permission: string;
  readonly on: Securable;
  /** In lower case; none for the whole of it. */
  readonly columns: readonly string[];
  readonly deny: boolean;
}

/** "Database-level roles", with their ids. */
const FIXED_ROLES: Readonly<Record<string, number>> = {
  public: 0, db_owner: 16384, db_accessadmin: 16385, db_securityadmin: 16386, db_ddladmin: 16387,
  db_backupoperator: 16389, db_datareader: 16390, db_datawriter: 16391, db_denydatareader: 16392,
  db_denydatawriter: 16393,
}; // prettier-ignore

const FIRST_ID = 5;

export class DatabaseSecurity {
  readonly users = new Map<string, User>();
  readonly roles = new Map<string, Role>();
  grants: readonly Grant[] = [];
  #nextId = FIRST_ID;

  constructor() {
    for (const [name, id] of Object.entries(FIXED_ROLES))
      this.roles.set(name, { id, name, fixed: true, members: new Set() });
  }

  has(principal: string): boolean {
    const key = principal.toLowerCase();
    return key === 'dbo' || this.users.has(key) || this.roles.has(key);
  }

  idOf(principal: string): number | undefined {
    const key = principal.toLowerCase();
    if (key === 'dbo') return 1;
    return this.users.get(key)?.id ?? this.roles.get(key)?.id;
  }

  addUser(name: string, login: string | undefined): void {
    this.users.set(name.toLowerCase(), { id: this.#nextId++, name, login: login?.toLowerCase() });
  }

  addRole(name: string): void {
    this.roles.set(name.toLowerCase(), { id: this.#nextId++, name, fixed: false, members: new Set() });
  }

  /** With what it was granted and where it was a member. */
  remove(name: string): void {
    const key = name.toLowerCase();
    this.users.delete(key);
    this.roles.delete(key);
    for (const { members } of this.roles.values()) members.delete(key);
    this.grants = this.grants.filter(({ grantee }) => grantee !== key);
  }

  userOf(login: string): User | undefined {
    const key = login.toLowerCase();
    return [...this.users.values()].find((user) => user.login === key);
  }

  /** The user itself, the roles it is in, the roles that these are in, and `public`. */
  principalsOf(user: User): ReadonlySet<string> {
    const all = new Set([user.name.toLowerCase(), 'public']);
    for (let size = 0; size !== all.size;) {
      size = all.size;
      for (const [key, { members }] of this.roles)
        if ([...members].some((member) => all.has(member))) all.add(key);
    }
    return all;
  }

  /** All of it as it is now: a backup holds it too. The result puts it back. */
  remember(): () => void {
    const users = [...this.users];
    const roles = [...this.roles].map(
      ([key, role]) => [key, { ...role, members: [...role.members] }] as const,
    );
    const { grants } = this;
    return () => {
      this.users.clear();
      for (const [key, user] of users) this.users.set(key, user);
      this.roles.clear();
      for (const [key, role] of roles) this.roles.set(key, { ...role, members: new Set(role.members) });
      this.grants = grants;
    };
  }

  /** GRANT and DENY replace each other for the same permission on the same thing. */
  set(grant: Grant): void {
    this.grants = [...this.grants.filter((other) => !isSame(other, grant)), grant];
  }

  revoke(grant: Omit<Grant, 'deny'>): void {
    this.grants = this.grants.filter((other) => !isSame(other, grant));
  }
}

const isSame = (a: Omit<Grant, 'deny'>, b: Omit<Grant, 'deny'>): boolean =>
  a.grantee === b.grantee &&
  a.permission === b.permission &&
  keyOf(a.on) === keyOf(b.on) &&
  a.columns.join() === b.columns.join();

export function keyOf(on: Securable): string {
  if (on.kind === 'database') return 'database';
  return JSON.stringify(
    on.kind === 'schema' ? [on.schema.toLowerCase()] : [on.schema.toLowerCase(), on.name.toLowerCase()],
  );
}

/** The logins of a server. The one of the options, and whoever comes with a token, are members of sysadmin. */
export interface Login {
  readonly id: number;
  readonly name: string;
  /** Undefined for one that comes with a token only. */
  password: string | undefined;
  enabled: boolean;
  sysadmin: boolean;
  /** On the server: `VIEW SERVER STATE` is `VIEW DATABASE STATE` in every database. */
  readonly permissions: Set<string>;
}

const FIRST_ID = 261;

export class Logins {
  readonly all = new Map<string, Login>();
  #nextId = FIRST_ID;

  constructor(administrator: { readonly user: string; readonly password: string }) {
    const { user, password } = administrator;
    this.all.set(user.toLowerCase(), {
      id: 1,
      name: user,
      password,
      enabled: true,
      sysadmin: true,
      permissions: new Set(),
    });
  }

  find(name: string): Login | undefined {
    return this.all.get(name.toLowerCase());
  }

  add(name: string, password: string | undefined): void {
    this.all.set(name.toLowerCase(), {
      id: this.#nextId++,
      name,
      password,
      enabled: true,
      sysadmin: false,
      permissions: new Set(),
    });
  }

  /** The login that the password is right for, unless it is disabled. */
  authenticated(name: string, password: string): Login | undefined {
    const found = this.find(name);
    return found?.enabled === true && found.password === password ? found : undefined;
  }
}

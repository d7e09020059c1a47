/** The syntax tree of principals and permissions. */
import type { Name } from './ast.ts';

export type PrincipalKind = 'login' | 'user' | 'role' | 'server role';

export interface PrincipalStatement {
  readonly kind: 'principal';
  readonly action: 'create' | 'alter' | 'drop';
  readonly what: PrincipalKind;
  readonly name: string;
  readonly ifExists: boolean;
  /** Of a login; undefined for one without, which comes in by a token. */
  readonly password?: string;
  /** Of a user: the login it is for; undefined for WITHOUT LOGIN. */
  readonly login?: string;
  /** FROM EXTERNAL PROVIDER: the user needs no login, it comes in by a token. */
  readonly external?: true;
  /** ALTER LOGIN … ENABLE or DISABLE. */
  readonly enabled?: boolean;
  /** ALTER ROLE … ADD or DROP MEMBER. */
  readonly member?: { readonly add: boolean; readonly name: string };
}

export interface Permission {
  /** In upper case: `SELECT`, `VIEW DATABASE STATE`. */
  readonly name: string;
  readonly columns: readonly string[];
}

export interface PermissionStatement {
  readonly kind: 'permission';
  readonly action: 'grant' | 'revoke' | 'deny';
  readonly permissions: readonly Permission[];
  /** Undefined for the database that is used. */
  readonly on?: { readonly class: 'object' | 'schema' | 'database' | 'server'; readonly name: Name };
  readonly grantees: readonly string[];
}

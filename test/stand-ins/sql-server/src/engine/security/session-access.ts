/** What a session may do, by its login and the database. */
import type { Database } from '../storage/database.ts';
import { accessOf, EVERYTHING, type Access } from './access.ts';
import type { Login } from './logins.ts';

/** Databases that let in everybody as guest. */
const OPEN = new Set(['master', 'tempdb', 'msdb']);

export const mayOpen = (login: Login, database: Database): boolean =>
  login.sysadmin ||
  OPEN.has(database.name.toLowerCase()) ||
  database.security.userOf(login.name) !== undefined;

export function sessionAccess(login: Login, database: Database): Access {
  if (login.sysadmin) return EVERYTHING;
  return accessOf(database.security, database.security.userOf(login.name), login.permissions);
}

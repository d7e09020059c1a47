/** What every procedure but one asks for: that the database is enabled. */
import { errors } from '../errors/errors.ts';
import type { ProcedureCall } from '../query/procedure.ts';
import type { Database } from '../storage/database.ts';
import type { CdcDatabase } from '../storage/cdc-database.ts';

/** Error 22901. */
export function enabledCdc(database: Database): CdcDatabase {
  if (database.cdc === undefined) throw errors.databaseNotEnabled(database.name);
  return database.cdc;
}

export function requireEnabled({ database }: ProcedureCall): void {
  enabledCdc(database);
}

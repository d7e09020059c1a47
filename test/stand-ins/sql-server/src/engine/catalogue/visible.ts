/** What of the catalogue a session sees: objects on which it has some permission ("Metadata visibility configuration"). */
import type { CaptureInstance } from '../storage/capture-instance.ts';
import type { Frame } from '../query/run.ts';
import type { Database } from '../storage/database.ts';
import type { Table } from '../storage/table.ts';

export function* visibleTables(database: Database, { run }: Frame): Generator<Table> {
  const access = run.session.access(database);
  for (const table of database.tables())
    if (access.owner || access.sees(table.schema, table.name)) yield table;
}

/** The instances whose change tables it sees. */
export function* visibleInstances(database: Database, { run }: Frame): Generator<CaptureInstance> {
  const access = run.session.access(database);
  for (const instance of database.cdc?.instances.values() ?? [])
    if (!instance.changeTableGone && access.sees('cdc', `${instance.name}_CT`)) yield instance;
}

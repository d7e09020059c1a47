import {
  child,
  choice,
  conceal,
  connectionString,
  defineSource,
  required,
  sizeInBytes,
  withDefault,
  wholeNumber,
  type BlockSchema,
  type Findings,
  type Place,
} from '@dstream/config/schema';
import {
  DStreamError,
  isTableFault,
  scopeOf,
  tableOfPartition,
  type CallOptions,
  type Checks,
  type OutlinedTable,
  type SourceOutline,
  type SourceServices,
  type TableId,
  type TokenCredential,
} from '@dstream/core';
import { parseConnectionString } from '../address/connection-string.ts';
import { defaultSourceName, placeOf } from '../address/sql-server-address.ts';
import { everyTable, type TableSettings } from '../source/table-settings.ts';
import type { SqlServerSource } from '../sql-server-source.ts';
import { tableNames } from './table-names.ts';
import { pollIntervalDefaultsSchema, readPollDefaults, readTables, tablesOverridesSchema } from './tables.ts';

const readSchema = {
  type: 'read',
  doc: 'How change tables are read.',
  keys: {
    mode: withDefault(
      choice(['functions', 'direct']),
      'functions',
      "Through CDC's functions, or from the change tables directly, for servers on which the functions are slow.",
    ),
    max_rows: withDefault(
      wholeNumber({ min: 1, max: 1_000_000 }),
      5000,
      'Rows per read. A read covers whole transactions: a larger transaction is streamed as a whole.',
    ),
    max_bytes: withDefault(
      sizeInBytes({ min: 65_536, max: 1_073_741_824 }),
      8_388_608,
      'Largest size of changes that are read and not sent yet.',
    ),
  },
  blocks: [],
} as const satisfies BlockSchema;

/** The settings of the source, from its block. Holds a secret. */
export interface SqlServerSettings {
  /** Secret. */
  readonly connectionString: string;
  /** At least one, none twice. An entry for a table takes precedence over the entry for its whole schema. */
  readonly tables: readonly TableSettings[];
  readonly mode: 'functions' | 'direct';
  /** Rows of one page of a backlog, about. */
  readonly maxRows: number;
  /** Bytes of changes that were read and not yet sent, at most. */
  readonly maxBytes: number;
}

/** SQL Server as a type of source. Loads the driver only when it is opened. */
export const sqlServerType = defineSource({
  type: 'sqlserver',
  doc: 'SQL Server tables, read by change data capture.',
  inIngester: true,
  keys: {
    db_type: withDefault(choice(['sqlserver']), 'sqlserver', 'Older name of `type`.'),
    db_connection_string: required(
      connectionString(
        'a database connection string',
        'it looks like Server=…;Database=…;User Id=…;Password=… or sqlserver://USER:PASSWORD@HOST:1433?database=…',
        () => undefined, // `settings` checks it as the source does when it connects
      ),
      'Connection string: Server=…;Database=… or sqlserver://…, with User Id and Password, or with Authentication=Active Directory Default.',
      { secret: true },
    ),
    tables: required(
      tableNames,
      'Tables to read: "Persons" (in dbo), "sales.Orders", "sales.*" for all captured tables of a schema, "[odd.schema].[my table]".',
    ),
  },
  blocks: [
    child(pollIntervalDefaultsSchema, 'optional'),
    child(tablesOverridesSchema, 'optional'),
    child(readSchema, 'optional'),
  ],
  settings: (reading, findings): SqlServerSettings => {
    const { db_connection_string: text, tables: names } = reading.values;
    if (reading.isSound('db_connection_string'))
      checkAddress(text, reading.placeOf('db_connection_string'), findings);
    const defaults = readPollDefaults(reading.block(pollIntervalDefaultsSchema), findings);
    const listed = reading.isSound('tables') ? names : undefined;
    const tables = readTables(reading.block(tablesOverridesSchema), defaults, listed, findings);
    const { mode, max_rows: maxRows, max_bytes: maxBytes } = reading.block(readSchema).values;
    return conceal({ connectionString: text, tables, mode, maxRows, maxBytes }, 'connectionString');
  },
  what: () => 'database',
  outline: (settings, name) => outlineOf(settings, name),
  catalogue: async (settings, services, o) => {
    await using source = await openSource(settings, services);
    return await catalogueOf(source, settings, o);
  },
  open: openSource,
  checks: checkSource,
});

function checkAddress(text: string, place: Place, findings: Findings): void {
  try {
    parseConnectionString(text, noCredential);
  } catch (error) {
    if (!(error instanceof DStreamError) || error.code !== 'ConfigInvalid') throw error;
    findings.add(place, error.message);
  }
}

/** Parsing a connection string signs in nowhere. */
const noCredential = (): TokenCredential => ({ getToken: () => Promise.resolve(null) });

function outlineOf({ connectionString: text, mode, tables }: SqlServerSettings, name: string | undefined) {
  const address = parseConnectionString(text, noCredential);
  const source = name ?? defaultSourceName(address);
  const { database } = address;
  return {
    name: source,
    database,
    scope: scopeOf({ source, database }),
    server: placeOf(address),
    mode,
    tables: tables.map(({ schema, table }) => ({ schema, table: table === everyTable ? undefined : table })),
  } satisfies SourceOutline;
}

async function openSource(settings: SqlServerSettings, services: SourceServices): Promise<SqlServerSource> {
  const { SqlServerSource: Source } = await import('../sql-server-source.ts');
  const { connectionString: text, ...rest } = settings;
  const address = parseConnectionString(text, services.credential);
  return new Source({ ...services, ...rest, address });
}

async function* checkSource(
  { connectionString: text, tables, mode }: SqlServerSettings,
  services: SourceServices,
  o: CallOptions,
): Checks {
  const { checkSqlServer } = await import('../check/check-sql-server.ts');
  const address = parseConnectionString(text, services.credential);
  yield* checkSqlServer({ address, tables, mode }, services, o);
}

async function catalogueOf(
  source: SqlServerSource,
  settings: SqlServerSettings,
  o: CallOptions,
): Promise<SourceOutline> {
  const partitions = await source.partitions(o);
  const tables = partitions.map(tableOfPartition).filter((table) => table !== undefined);
  return {
    ...outlineOf(settings, source.name),
    database: source.database,
    scope: source.scope,
    tables: await Promise.all(tables.map((table) => askedFor(table, source, o))),
  };
}

async function askedFor(id: TableId, source: SqlServerSource, o: CallOptions): Promise<OutlinedTable> {
  const { schema, table } = id;
  try {
    return { schema, table, captureInstances: await source.captureInstances(id, o) };
  } catch (caught) {
    if (!isTableFault(caught)) throw caught;
    return { schema, table, fault: { code: caught.code, message: caught.message } };
  }
}

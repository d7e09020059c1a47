/** sp_pkeys, sp_fkeys and sp_statistics. */
import { errors } from '../errors/errors.ts';
import type { Procedure, ProcedureCall } from '../query/procedure.ts';
import type { ForeignKey, Index, Table } from '../storage/table.ts';
import { types } from '../catalogue/view.ts';
import { listing } from '../catalogue/listing.ts';
import {
  byFullName,
  compareNames,
  NAME,
  nameFilter,
  oneTableParameters,
  requireOwnDatabase,
  tableNamed,
  visibleTablesOf,
} from './named-tables.ts';

const qualified = ({ database }: ProcedureCall, { schema, name }: Table) => ({
  TABLE_QUALIFIER: database.name,
  TABLE_OWNER: schema,
  TABLE_NAME: name,
});

const tableShape = {
  TABLE_QUALIFIER: types.sysname,
  TABLE_OWNER: types.sysname,
  TABLE_NAME: types.sysname,
} as const;

const primaryKeys = listing(
  oneTableParameters,
  { ...tableShape, COLUMN_NAME: types.sysname, KEY_SEQ: types.smallint, PK_NAME: types.sysname },
  function* (call) {
    const table = tableNamed(call);
    const key = table?.primaryKey;
    if (table === undefined || key === undefined) return;
    for (const [i, column] of key.columns.entries())
      yield { ...qualified(call, table), COLUMN_NAME: column, KEY_SEQ: i + 1, PK_NAME: key.name };
  },
);

/** Codes of the rules ("sp_fkeys"), which are not those of sys.foreign_keys. */
const RULES = { cascade: 0, 'no action': 1, 'set null': 2, 'set default': 3 } as const;
/** SQL_NOT_DEFERRABLE. */
const NOT_DEFERRABLE = 7;

const foreignKeys = listing(
  [
    { name: '@pktable_name', type: NAME },
    { name: '@pktable_owner', type: NAME },
    { name: '@pktable_qualifier', type: types.sysname },
    { name: '@fktable_name', type: NAME },
    { name: '@fktable_owner', type: NAME },
    { name: '@fktable_qualifier', type: types.sysname },
  ],
  {
    PKTABLE_QUALIFIER: types.sysname,
    PKTABLE_OWNER: types.sysname,
    PKTABLE_NAME: types.sysname,
    PKCOLUMN_NAME: types.sysname,
    FKTABLE_QUALIFIER: types.sysname,
    FKTABLE_OWNER: types.sysname,
    FKTABLE_NAME: types.sysname,
    FKCOLUMN_NAME: types.sysname,
    KEY_SEQ: types.smallint,
    UPDATE_RULE: types.smallint,
    DELETE_RULE: types.smallint,
    FK_NAME: types.sysname,
    PK_NAME: types.sysname,
    DEFERRABILITY: types.smallint,
  },
  function* (call) {
    for (const key of matchingForeignKeys(call)) yield* foreignKeyRows(call, key);
  },
);

/** Ordered by the table that was not asked for ("sp_fkeys"). Error 15252. */
function matchingForeignKeys(call: ProcedureCall): ForeignKey[] {
  const { values } = call;
  requireOwnDatabase(call, values['@pktable_qualifier'], values['@fktable_qualifier']);
  const byReferenced = typeof values['@pktable_name'] === 'string';
  if (!byReferenced && typeof values['@fktable_name'] !== 'string') throw errors.keyTableMissing();
  const filter = (parameter: string): ((name: string) => boolean) =>
    nameFilter(call, values[parameter], false);
  const [isReferenced, isReferencedOwner] = [filter('@pktable_name'), filter('@pktable_owner')];
  const [isReferencing, isReferencingOwner] = [filter('@fktable_name'), filter('@fktable_owner')];
  return visibleTablesOf(call)
    .flatMap((table) => table.foreignKeys)
    .filter(({ table, referenced }) => {
      const fits = isReferenced(referenced.name) && isReferencedOwner(referenced.schema);
      return fits && isReferencing(table.name) && isReferencingOwner(table.schema);
    })
    .sort((a, b) => (byReferenced ? byFullName(a.table, b.table) : byFullName(a.referenced, b.referenced)));
}

function* foreignKeyRows({ database }: ProcedureCall, key: ForeignKey) {
  const { table, referenced, columns, referencedColumns, onUpdate, onDelete, name } = key;
  for (const [i, column] of columns.entries())
    yield {
      PKTABLE_QUALIFIER: database.name,
      PKTABLE_OWNER: referenced.schema,
      PKTABLE_NAME: referenced.name,
      PKCOLUMN_NAME: referencedColumns[i] ?? null,
      FKTABLE_QUALIFIER: database.name,
      FKTABLE_OWNER: table.schema,
      FKTABLE_NAME: table.name,
      FKCOLUMN_NAME: column,
      KEY_SEQ: i + 1,
      UPDATE_RULE: RULES[onUpdate],
      DELETE_RULE: RULES[onDelete],
      FK_NAME: name,
      PK_NAME: referencedIndex(key)?.name ?? null,
      DEFERRABILITY: NOT_DEFERRABLE,
    };
}

/** The unique index that the key leans on: the primary key, when the columns are its own. */
function referencedIndex({ referenced, referencedColumns }: ForeignKey): Index | undefined {
  const { fold } = referenced.collation;
  const wanted = referencedColumns.map(fold).join();
  return referenced.indexes.find((index) => index.unique && index.columns.map(fold).join() === wanted);
}

const indexType = { table: 0, clustered: 1, other: 3 } as const;

const statistics = listing(
  [
    ...oneTableParameters,
    { name: '@index_name', type: NAME },
    { name: '@is_unique', type: { name: 'char', length: 1 } },
    { name: '@accuracy', type: { name: 'char', length: 1 } },
  ],
  {
    ...tableShape,
    NON_UNIQUE: types.smallint,
    INDEX_QUALIFIER: types.sysname,
    INDEX_NAME: types.sysname,
    TYPE: types.smallint,
    SEQ_IN_INDEX: types.smallint,
    COLUMN_NAME: types.sysname,
    COLLATION: { name: 'char', length: 1 },
    CARDINALITY: types.int,
    PAGES: types.int,
    FILTER_CONDITION: { name: 'varchar', length: 128 },
  },
  function* (call) {
    const table = tableNamed(call);
    if (table === undefined) return;
    const common = qualified(call, table);
    const rows = table.visible(false).length;
    yield { ...common, TYPE: indexType.table, CARDINALITY: rows };
    for (const index of matchingIndexes(call, table)) {
      for (const row of indexRows(index, table))
        yield { ...common, ...row, ...(index.unique && { CARDINALITY: rows }) };
    }
  },
);

/** Unique ones first, then by type and name. */
function matchingIndexes(call: ProcedureCall, { indexes }: Table): Index[] {
  const isName = nameFilter(call, call.values['@index_name'] ?? '%', true);
  const onlyUnique = call.values['@is_unique'] === 'Y';
  return indexes
    .filter(({ name, unique }) => isName(name) && (unique || !onlyUnique))
    .sort(
      (a, b) =>
        Number(b.unique) - Number(a.unique) ||
        Number(b.clustered) - Number(a.clustered) ||
        compareNames(a.name, b.name),
    );
}

function* indexRows({ name, unique, clustered, columns }: Index, table: Table) {
  for (const [i, column] of columns.entries())
    yield {
      NON_UNIQUE: unique ? 0 : 1,
      INDEX_QUALIFIER: table.name,
      INDEX_NAME: name,
      TYPE: clustered ? indexType.clustered : indexType.other,
      SEQ_IN_INDEX: i + 1,
      COLUMN_NAME: column,
      COLLATION: 'A',
    };
}

export const KEY_PROCEDURES: Readonly<Record<string, Procedure>> = {
  sp_pkeys: primaryKeys,
  sp_fkeys: foreignKeys,
  sp_statistics: statistics,
  sp_statistics_100: statistics,
};

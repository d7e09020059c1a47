/** A database: schemas with their tables, the log, the write lock and, when enabled, change data capture. */
import { randomUUID } from 'node:crypto';
import type { CdcDatabase } from './cdc-database.ts';
import { errors } from '../errors/errors.ts';
import type { Name } from '../parser/ast.ts';
import { DatabaseSecurity } from './database-security.ts';
import { SERVER_COLLATION, type Collation } from '../values/index.ts';
import type { AliasType } from './alias-type.ts';
import { type Lsn, LogSequence } from './log-sequence.ts';
import type { Table } from './table.ts';
import { WriteLock } from './write-lock.ts';

export interface Schema {
  readonly id: number;
  readonly name: string;
  readonly tables: Map<string, Table>;
}

export class Database {
  readonly id: number;
  readonly name: string;
  readonly createdMs: number;
  readonly schemas = new Map<string, Schema>();
  readonly collation: Collation;
  readonly security = new DatabaseSecurity();
  readonly types = new Map<string, AliasType>();
  nextTypeId = 257;
  readonly log = new LogSequence();
  readonly lock = new WriteLock();
  cdc: CdcDatabase | undefined;
  /** "sys.database_recovery_status": a restore begins a new fork, the first one stays what it was. */
  recoveryFork = randomUUID().toUpperCase();
  readonly firstRecoveryFork = this.recoveryFork;
  readonly guid = randomUUID().toUpperCase();
  readonly familyGuid = randomUUID().toUpperCase();
  /** Where the log was when the last restore put it back. */
  forkPoint: Lsn | undefined;
  offline = false;
  readOnly = false;
  snapshotAllowed = false;
  /** The last value of a rowversion column (@@DBTS). */
  rowVersion = 2000n;

  constructor(id: number, name: string, createdMs: number, collation: Collation = SERVER_COLLATION) {
    this.collation = collation;
    this.id = id;
    this.name = name;
    this.createdMs = createdMs;
    for (const [schemaId, schema] of [
      [1, 'dbo'],
      [3, 'INFORMATION_SCHEMA'],
      [4, 'sys'],
    ] as const)
      this.addSchema(schema, schemaId);
  }

  get system(): boolean {
    return this.id <= 4;
  }

  addSchema(name: string, id = this.schemas.size + 2): Schema {
    const schema: Schema = { id, name, tables: new Map() };
    this.schemas.set(this.collation.fold(name), schema);
    return schema;
  }

  schema(name: string): Schema | undefined {
    return this.schemas.get(this.collation.fold(name));
  }

  table(schema: string, name: string): Table | undefined {
    const { fold } = this.collation;
    return this.schemas.get(fold(schema))?.tables.get(fold(name));
  }

  typeKey(name: Name): string {
    return this.collation.fold(`${name.at(-2) || 'dbo'}.${name.at(-1) ?? ''}`);
  }

  aliasType(name: Name): AliasType | undefined {
    return this.types.get(this.typeKey(name));
  }

  *tables(): Generator<Table> {
    for (const schema of this.schemas.values()) yield* schema.tables.values();
  }

  tableById(id: number): Table | undefined {
    for (const table of this.tables()) if (table.id === id) return table;
    return undefined;
  }

  requireWritable(): void {
    if (this.offline) throw errors.databaseOffline(this.name);
    if (this.readOnly) throw errors.databaseReadOnly(this.name);
  }
}

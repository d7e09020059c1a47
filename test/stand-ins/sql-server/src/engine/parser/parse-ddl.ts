/** CREATE, ALTER, DROP and TRUNCATE. */
import type { Cursor } from './cursor.ts';
import {
  beginsConstraint,
  parseColumn,
  parseIndexColumns,
  parseIndexOptions,
  parseTableConstraint,
  parseTableDefinition,
} from './parse-table.ts';
import { parsePrincipal } from './parse-security.ts';
import { parseColumnType, parseType } from './parse-type.ts';
import type { Statement } from './statement-ast.ts';
import type { AlterAction, ColumnDefinition, ConstraintDefinition } from './table-ast.ts';

export function parseCreate(cursor: Cursor): Statement {
  const line = cursor.line;
  cursor.expect('CREATE');
  if (cursor.accept('DATABASE')) return { kind: 'createDatabase', ...collated(cursor), line };
  if (cursor.accept('SCHEMA')) return { kind: 'createSchema', name: authorised(cursor), line };
  if (cursor.accept('TABLE')) {
    return { kind: 'createTable', name: cursor.dottedName(), table: parseTableDefinition(cursor), line };
  }
  if (cursor.accept('TYPE')) return parseCreateType(cursor, line);
  const principal = parsePrincipal(cursor, 'create', line);
  if (principal !== undefined) return principal;
  const unique = cursor.accept('UNIQUE');
  const clustered = cursor.acceptOne('CLUSTERED', 'NONCLUSTERED') === 'CLUSTERED';
  cursor.expect('INDEX');
  const name = cursor.name();
  cursor.expect('ON');
  const table = cursor.dottedName();
  const columns = parseIndexColumns(cursor);
  if (cursor.accept('INCLUDE')) parseIndexColumns(cursor);
  if (cursor.sees('WHERE')) cursor.fail();
  parseIndexOptions(cursor);
  return { kind: 'createIndex', name, table, columns, unique, clustered, line };
}

function parseCreateType(cursor: Cursor, line: number): Statement {
  const name = cursor.dottedName();
  cursor.expect('FROM');
  const type = parseType(cursor);
  const nullable = !cursor.accept('NOT', 'NULL');
  if (nullable) cursor.accept('NULL');
  return { kind: 'createType', name, type, nullable, line };
}

function collated(cursor: Cursor): { name: string; collation?: string } {
  const name = cursor.name();
  return cursor.accept('COLLATE') ? { name, collation: cursor.name() } : { name };
}

function authorised(cursor: Cursor): string {
  const name = cursor.name();
  if (cursor.accept('AUTHORIZATION')) cursor.name();
  return name;
}

export function parseDrop(cursor: Cursor): Statement {
  const line = cursor.line;
  cursor.expect('DROP');
  const principal = parsePrincipal(cursor, 'drop', line);
  if (principal !== undefined) return principal;
  const what = cursor.acceptOne('DATABASE', 'SCHEMA', 'TABLE', 'TYPE', 'INDEX') ?? cursor.fail();
  const ifExists = cursor.accept('IF', 'EXISTS');
  if (what === 'TABLE') {
    return { kind: 'dropTable', names: cursor.separated(() => cursor.dottedName()), ifExists, line };
  }
  if (what === 'TYPE') return { kind: 'dropType', name: cursor.dottedName(), ifExists, line };
  if (what === 'INDEX') {
    const name = cursor.name();
    cursor.expect('ON');
    return { kind: 'dropIndex', name, table: cursor.dottedName(), ifExists, line };
  }
  const names = cursor.separated(() => cursor.name());
  return { kind: what === 'DATABASE' ? 'dropDatabase' : 'dropSchema', names, ifExists, line };
}

export function parseTruncate(cursor: Cursor): Statement {
  const line = cursor.line;
  cursor.expect('TRUNCATE', 'TABLE');
  return { kind: 'truncate', table: cursor.dottedName(), line };
}

export function parseAlter(cursor: Cursor): Statement {
  const line = cursor.line;
  cursor.expect('ALTER');
  if (cursor.accept('DATABASE')) return parseAlterDatabase(cursor, line);
  const principal = parsePrincipal(cursor, 'alter', line);
  if (principal !== undefined) return principal;
  cursor.expect('TABLE');
  return { kind: 'alterTable', name: cursor.dottedName(), action: parseAlterAction(cursor), line };
}

function parseAlterDatabase(cursor: Cursor, line: number): Statement {
  const name = cursor.accept('CURRENT') ? '' : cursor.name();
  cursor.expect('SET');
  const words: string[] = [];
  while (!cursor.atEnd && !cursor.sees(';')) words.push(cursor.next().text.toUpperCase());
  return { kind: 'alterDatabase', name, option: words.join(' '), line };
}

function parseAlterAction(cursor: Cursor): AlterAction {
  if (cursor.sees('WITH', 'CHECK') || cursor.sees('WITH', 'NOCHECK')) {
    cursor.next();
    cursor.next();
  }
  if (cursor.accept('ADD')) return parseAdd(cursor);
  if (cursor.accept('ALTER', 'COLUMN')) return parseAlterColumn(cursor);
  cursor.expect('DROP');
  if (cursor.accept('COLUMN')) {
    const ifExists = cursor.accept('IF', 'EXISTS');
    return { kind: 'dropColumns', columns: cursor.separated(() => cursor.name()), ifExists };
  }
  cursor.accept('CONSTRAINT');
  const ifExists = cursor.accept('IF', 'EXISTS');
  return { kind: 'dropConstraints', names: cursor.separated(() => cursor.name()), ifExists };
}

function parseAdd(cursor: Cursor): AlterAction {
  const columns: ColumnDefinition[] = [];
  const constraints: ConstraintDefinition[] = [];
  do {
    if (beginsConstraint(cursor)) constraints.push(parseTableConstraint(cursor));
    else columns.push(parseColumn(cursor));
  } while (cursor.accept(','));
  return { kind: 'add', columns, constraints };
}

function parseAlterColumn(cursor: Cursor): AlterAction {
  const column = cursor.name();
  const type = parseColumnType(cursor);
  if (cursor.accept('COLLATE')) cursor.name();
  if (cursor.accept('NOT', 'NULL')) return { kind: 'alterColumn', column, ...type, nullable: false };
  if (cursor.accept('NULL')) return { kind: 'alterColumn', column, ...type, nullable: true };
  return { kind: 'alterColumn', column, ...type };
}

/** Columns and constraints of CREATE TABLE and ALTER TABLE. */
import type { Expression } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './parse-expression.ts';
import { parenthesised } from './parse-list.ts';
import { parseColumnType } from './parse-type.ts';
import type {
  ColumnDefinition,
  ConstraintDefinition,
  ReferentialAction,
  TableDefinition,
} from './table-ast.ts';

export function parseTableDefinition(cursor: Cursor): TableDefinition {
  const columns: ColumnDefinition[] = [];
  const constraints: ConstraintDefinition[] = [];
  cursor.expect('(');
  do {
    if (cursor.sees(')')) break;
    if (beginsConstraint(cursor)) constraints.push(parseTableConstraint(cursor));
    else columns.push(parseColumn(cursor));
  } while (cursor.accept(','));
  cursor.expect(')');
  if (cursor.accept('ON')) cursor.name();
  return { columns, constraints };
}

const CONSTRAINT_WORDS = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK'];

export function beginsConstraint(cursor: Cursor): boolean {
  return CONSTRAINT_WORDS.some((word) => cursor.sees(word)) || cursor.sees('DEFAULT');
}

export function parseColumn(cursor: Cursor): ColumnDefinition {
  const name = cursor.name();
  if (cursor.accept('AS')) {
    const computed = parseExpression(cursor);
    const persisted = cursor.accept('PERSISTED');
    if (persisted) cursor.accept('NOT', 'NULL');
    return { name, computed, persisted, constraints: [] };
  }
  return parseColumnOptions(cursor, { name, ...parseColumnType(cursor), persisted: false, constraints: [] });
}

type Draft = { -readonly [K in keyof ColumnDefinition]: ColumnDefinition[K] } & {
  constraints: ConstraintDefinition[];
};

function parseColumnOptions(cursor: Cursor, base: ColumnDefinition): ColumnDefinition {
  const column: Draft = { ...base, constraints: [] };
  for (;;) {
    if (cursor.accept('NOT', 'NULL')) column.nullable = false;
    else if (cursor.accept('NULL')) column.nullable = true;
    else if (cursor.accept('IDENTITY')) column.identity = parseIdentity(cursor);
    else if (cursor.accept('COLLATE')) column.collation = cursor.name();
    else if (cursor.accept('ROWGUIDCOL') || cursor.accept('SPARSE')) continue;
    else if (!parseColumnConstraint(cursor, column)) return column;
  }
}

function parseIdentity(cursor: Cursor): { seed: bigint; increment: bigint } {
  if (!cursor.sees('(')) return { seed: 1n, increment: 1n };
  const [seed = 1n, increment = 1n] = cursor.list(() => {
    const negative = cursor.accept('-');
    if (cursor.current.kind !== 'integer') cursor.fail();
    const value = BigInt(cursor.next().text);
    return negative ? -value : value;
  });
  return { seed, increment };
}

/** False when what follows is no constraint. */
function parseColumnConstraint(cursor: Cursor, column: Draft): boolean {
  const name = cursor.accept('CONSTRAINT') ? { name: cursor.name() } : {};
  if (cursor.accept('DEFAULT')) column.default = { ...name, expression: parseDefaultValue(cursor) };
  else if (cursor.accept('REFERENCES')) column.constraints.push(parseReferences(cursor, name, [column.name]));
  else if (cursor.accept('FOREIGN', 'KEY')) {
    cursor.expect('REFERENCES');
    column.constraints.push(parseReferences(cursor, name, [column.name]));
  } else if (cursor.accept('CHECK')) column.constraints.push(parseCheck(cursor, name));
  else {
    const kind = cursor.accept('PRIMARY', 'KEY')
      ? 'primary key'
      : cursor.accept('UNIQUE')
        ? 'unique'
        : undefined;
    if (kind === undefined) {
      if ('name' in name) cursor.fail();
      return false;
    }
    column.constraints.push({ kind, ...name, columns: [column.name], ...parseClustered(cursor) });
    parseIndexOptions(cursor);
  }
  return true;
}

const parseDefaultValue = (cursor: Cursor): Expression => parseExpression(cursor);

function parseClustered(cursor: Cursor): { clustered?: boolean } {
  const word = cursor.acceptOne('CLUSTERED', 'NONCLUSTERED');
  return word === undefined ? {} : { clustered: word === 'CLUSTERED' };
}

export function parseTableConstraint(cursor: Cursor): ConstraintDefinition {
  const name = cursor.accept('CONSTRAINT') ? { name: cursor.name() } : {};
  if (cursor.accept('CHECK')) return parseCheck(cursor, name);
  if (cursor.accept('DEFAULT')) {
    const expression = parseDefaultValue(cursor);
    cursor.expect('FOR');
    return { kind: 'default', ...name, column: cursor.name(), expression };
  }
  if (cursor.accept('FOREIGN', 'KEY')) {
    const columns = cursor.list(() => cursor.name());
    cursor.expect('REFERENCES');
    return parseReferences(cursor, name, columns);
  }
  const kind = cursor.accept('PRIMARY', 'KEY')
    ? 'primary key'
    : cursor.accept('UNIQUE')
      ? 'unique'
      : cursor.fail();
  const clustered = parseClustered(cursor);
  const columns = parseIndexColumns(cursor);
  parseIndexOptions(cursor);
  return { kind, ...name, ...clustered, columns };
}

export function parseIndexColumns(cursor: Cursor): string[] {
  return cursor.list(() => {
    const column = cursor.name();
    if (!cursor.accept('DESC')) cursor.accept('ASC');
    return column;
  });
}

/** `WITH (FILLFACTOR = 80, …)` changes storage only. */
export function parseIndexOptions(cursor: Cursor): void {
  if (cursor.sees('WITH', '(')) {
    cursor.expect('WITH');
    cursor.list(() => {
      cursor.anyName();
      cursor.expect('=');
      cursor.next();
    });
  }
  if (cursor.accept('ON')) cursor.name();
}

function parseCheck(cursor: Cursor, name: { name?: string }): ConstraintDefinition {
  const start = cursor.current.start;
  const expression = parenthesised(cursor, () => parseExpression(cursor));
  return { kind: 'check', ...name, expression, text: cursor.textSince(start) };
}

function parseReferences(
  cursor: Cursor,
  name: { name?: string },
  columns: readonly string[],
): ConstraintDefinition {
  const table = cursor.dottedName();
  const referenced = cursor.sees('(') ? cursor.list(() => cursor.name()) : [];
  let onDelete: ReferentialAction = 'no action';
  let onUpdate: ReferentialAction = 'no action';
  for (;;) {
    if (cursor.accept('ON', 'DELETE')) onDelete = parseAction(cursor);
    else if (cursor.accept('ON', 'UPDATE')) onUpdate = parseAction(cursor);
    else return { kind: 'foreign key', ...name, columns, table, referenced, onDelete, onUpdate };
  }
}

function parseAction(cursor: Cursor): ReferentialAction {
  if (cursor.accept('CASCADE')) return 'cascade';
  if (cursor.accept('NO', 'ACTION')) return 'no action';
  if (cursor.accept('SET', 'NULL')) return 'set null';
  if (cursor.accept('SET', 'DEFAULT')) return 'set default';
  return cursor.fail();
}

/** Names that services and SQL Server limit. */
import { formatTableName, parseTableName, type TableName } from './table-name.ts';
import { secretParts } from './connection-strings.ts';
import { text } from './scalars.ts';
import { faulty, sound, textOf, type Fault, type Given, type ValueType } from './value-type.ts';

/** "Service Bus: naming rules": 1 to 260 characters; an entity's path may hold slashes inside. */
export const entityName = text({
  what: 'a topic name',
  pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,258}[A-Za-z0-9_])?$/,
  right:
    'letters, digits, ".", "-", "_" and "/" are possible, 260 at most, beginning and ending with a letter or digit',
});

/** 1 to 50 characters. */
export const subscriptionName = text({
  what: 'a subscription name',
  pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,48}[A-Za-z0-9_])?$/,
  right:
    'letters, digits, ".", "-" and "_" are possible, 50 at most, beginning and ending with a letter or digit',
});

export const namespace = text({
  what: 'a namespace',
  pattern: /^[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)+$/,
  right: 'write its host name, such as "shop.servicebus.windows.net"',
});

export const accountUrl = text({
  what: "a storage account's address",
  pattern: /^https:\/\/[^\s/?#@%\\,]+\/?$/,
  right: 'write it as "https://NAME.blob.core.windows.net"',
});

/** "Naming and referencing containers, blobs, and metadata". */
export const containerName = text({
  what: 'a container name',
  pattern: /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/,
  right: '3 to 63 lower-case letters, digits and single dashes between them are possible',
});

/** Part of every table's identity, of blob names and of session ids. */
export const sourceName = text({
  what: 'a name of a source',
  pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/,
  right: 'letters, digits, ".", "-" and "_" are possible, 64 at most',
});

const anyPath = text({ what: 'a path', pattern: /^[^\0]+$/, right: 'write the path of a file' });

/** Paths are repeated in messages, so what holds a password or a key is none. */
export const filePath: ValueType<string> = {
  ...anyPath,
  read: (given) => {
    const result = anyPath.read(given);
    if (!('value' in result) || secretParts(result.value).length === 0) return result;
    return faulty('the value is a connection string', 'write the path of a file');
  },
};

const tableNameAdvice = 'write "Table", "schema.Table", "schema.*" or "[odd.schema].[my table]"';

export const tableName: ValueType<TableName> = {
  expected: 'name of a table',
  blank: { schema: '', table: '' },
  read: (given) => {
    const value = textOf(given);
    if (value === undefined)
      return faulty(`${given.shown} is not a name of a table`, 'write it in double quotes');
    const name = parseTableName(value);
    return name === undefined
      ? faulty(`${given.shown} is not a name of a table`, tableNameAdvice)
      : sound(name);
  },
};

/** A list of tables, at least one and none twice. */
export const tableNames: ValueType<readonly TableName[]> = {
  expected: 'list of names of tables',
  blank: [],
  read: (given) => {
    if (!Array.isArray(given.value)) return faulty(`${given.shown} is not a list`, listAdvice(given));
    if (given.items.length === 0)
      return faulty('the list is empty', 'name at least one table, as in ["Persons"]');
    const results = given.items.map((item) => tableName.read(item));
    const names = results.map((result) => ('value' in result ? result.value : undefined));
    const faults = results.flatMap((result, item) =>
      'faults' in result ? result.faults.map((fault) => ({ ...fault, item })) : repeated(names, item),
    );
    return faults.length > 0 ? { faults } : sound(names.filter((name) => name !== undefined));
  },
};

function listAdvice(given: Given): string {
  const value = textOf(given);
  return value !== undefined && given.shown.startsWith('"') ? `write [${given.shown}]` : 'write ["Persons"]';
}

function isSame(a: TableName | undefined, b: TableName | undefined): boolean {
  return a !== undefined && b !== undefined && formatTableName(a) === formatTableName(b);
}

function repeated(names: readonly (TableName | undefined)[], item: number): readonly Fault[] {
  const name = names[item];
  const first = names.findIndex((other) => isSame(other, name));
  if (name === undefined || first === item) return [];
  return [{ item, wrong: `${formatTableName(name)} is listed twice`, right: 'name every table once' }];
}

/** Labels of outputs. */
export const outputNames: ValueType<readonly string[]> = {
  expected: 'list of labels of outputs',
  blank: [],
  read: (given) => {
    const names = given.items.map(textOf).filter((name) => name !== undefined);
    if (Array.isArray(given.value) && names.length === given.items.length) return sound(names);
    return faulty(`${given.shown} is not a list of labels`, 'write ["orders"]');
  },
};

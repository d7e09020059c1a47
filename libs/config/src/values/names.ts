import { secretParts } from './connection-strings.ts';
import { text } from './scalars.ts';
import { faulty, sound, textOf, type ValueType } from './value-type.ts';

export const namespace = text({
  what: 'a namespace',
  pattern: /^[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)+$/,
  right: 'write its host name, such as "shop.servicebus.windows.net"',
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

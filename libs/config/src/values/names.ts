import { secretParts } from './connection-strings.ts';
import { text, type TextRule } from './scalars.ts';
import { faulty, sound, textOf, type ValueType } from './value-type.ts';

export const namespace = text({
  what: 'a namespace',
  pattern: /^[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)+$/,
  right: 'write its host name, such as "shop.servicebus.windows.net"',
});

/** Part of every table's identity, of blob names and of session ids. */
export const sourceName = text({
  what: 'a source name',
  pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/,
  right: 'use letters, digits, ".", "-" and "_", at most 64 characters',
});

/**
 * A path. Paths are repeated in messages, so what holds a password or a key is none.
 * @param rule what it is and what would be right: `a directory`, `write a directory path`
 */
export function path({ what, right }: Omit<TextRule, 'pattern'>): ValueType<string> {
  const anyPath = text({ what, right, pattern: /^[^\0]+$/ });
  return {
    ...anyPath,
    read: (given) => {
      const result = anyPath.read(given);
      if (!('value' in result) || secretParts(result.value).length === 0) return result;
      return faulty('the value is a connection string', right);
    },
  };
}

export const filePath = path({ what: 'a path', right: 'write a file path' });

/** Labels of outputs. */
export const outputNames: ValueType<readonly string[]> = {
  expected: 'list of output labels',
  blank: [],
  read: (given) => {
    const names = given.items.map(textOf).filter((name) => name !== undefined);
    if (Array.isArray(given.value) && names.length === given.items.length) return sound(names);
    return faulty(`${given.shown} is not a list of labels`, 'write ["orders"]');
  },
};

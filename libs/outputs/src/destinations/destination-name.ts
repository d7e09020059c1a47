/** The name of the queue, topic or event hub that a table's changes go to, out of a template. */
import {
  faulty,
  fillNames,
  sound,
  textOf,
  type BrokerService,
  type NamedTable,
  type NamePart,
  type ValueType,
} from '@dstream/config/schema';
import type { Hash } from '@dstream/core';

/** Naming rules of a service. Both brokers want a letter or digit at both ends and ignore case. */
export interface NameRules {
  readonly service: BrokerService;
  /** What has such a name, with its article: `an event hub`. */
  readonly what: string;
  readonly maxLength: number;
  /** Whether a name may have parts with slashes between them. */
  readonly slashes: boolean;
}

/** "Naming rules and restrictions for Azure resources", Microsoft.ServiceBus. */
export const serviceBusNames: NameRules = {
  service: 'Service Bus',
  what: 'a queue or topic',
  maxLength: 260,
  slashes: true,
};

/** "Naming rules and restrictions for Azure resources", Microsoft.EventHub. */
export const eventHubNames: NameRules = {
  service: 'Event Hubs',
  what: 'an event hub',
  maxLength: 256,
  slashes: false,
};

/** Names of more tables than this are not remembered. */
const maxRemembered = 10_000;

const hashLength = 16;

/**
 * A function from a table to the name of its destination, the same in every process. A template with nothing to fill in is
 * the name, unchanged; every other name is in lower case. Of the names filled in, everything but letters, digits, `-` and
 * `_` becomes `_`; dots too, except in the server, because dots separate the parts. A name in which something was replaced,
 * or that is too long and was cut, ends in `-` and 16 digits of a hash of the original: two tables share a destination only
 * if the template allows it, or if their names differ in case alone.
 */
export function destinationNames(
  template: string,
  { maxLength }: NameRules,
  hash: Hash,
): (table: NamedTable) => string {
  if (fillNames(template, () => '') === template) return () => template;
  const remembered = new Map<string, string>();
  const recall = (table: NamedTable): string => {
    const key = [table.server, table.database, table.schema, table.table].join('\n');
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const name = nameOf(template, table, maxLength, hash);
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(key, name);
    return name;
  };
  // Consecutive changes are mostly of one table: comparing costs a fraction of a look-up.
  let last: { readonly table: NamedTable; readonly name: string } | undefined;
  return (table) => {
    if (last === undefined || !isSame(last.table, table)) last = { table, name: recall(table) };
    return last.name;
  };
}

function isSame(a: NamedTable, b: NamedTable): boolean {
  return a.table === b.table && a.schema === b.schema && a.database === b.database && a.server === b.server;
}

function nameOf(template: string, table: NamedTable, maxLength: number, hash: Hash): string {
  let replaced = false;
  const filled = fillNames(template, (part) => {
    const value = valid(part, table[part]);
    replaced ||= value !== table[part].toLowerCase();
    return value;
  }).toLowerCase();
  const name = /^[a-z0-9]/.test(filled) ? filled : `x${filled}`;
  if (!replaced && name === filled && /[a-z0-9]$/.test(name) && name.length <= maxLength) return name;
  const exact = fillNames(template, (part) => JSON.stringify(table[part].toLowerCase()));
  return `${name.slice(0, maxLength - hashLength - 1)}-${hash(exact).slice(0, hashLength)}`;
}

function valid(part: NamePart, value: string): string {
  return value.toLowerCase().replaceAll(part === 'server' ? /[^a-z0-9._-]/g : /[^a-z0-9_-]/g, '_');
}

/** The value of the key `name`: a name, or a template of one, whose fixed text keeps to the rules. */
export function nameTemplate({ what, maxLength, slashes }: NameRules): ValueType<string> {
  const characters = `letters, digits, ".", "-"${slashes ? ', "_" and "/"' : ' and "_"'}`;
  const right = `use ${characters}, at most ${maxLength} characters, with a letter or digit at both ends; {{ server }}, {{ database }}, {{ schema }} and {{ table }} are replaced`;
  const pattern = slashes ? /^[a-z0-9](?:[a-z0-9._/-]*[a-z0-9])?$/i : /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i;
  return {
    expected: `name of ${what}`,
    blank: '',
    read: (given) => {
      const value = textOf(given);
      if (value === undefined)
        return faulty(`${given.shown} is not the name of ${what}`, 'write it in double quotes');
      const shortest = fillNames(value, () => 'x');
      const fits = shortest.length <= maxLength && pattern.test(shortest);
      return fits ? sound(value) : faulty(`${given.shown} is not the name of ${what}`, right);
    },
  };
}

/** The name of the queue, topic or event hub that a change goes to, out of a template. */
import {
  faulty,
  fillNames,
  isTablePart,
  sound,
  textOf,
  type BrokerService,
  type Given,
  type NamedTable,
  type NamePart,
  type ValueType,
} from '@dstream/config/schema';
import { DStreamError, type ChangeEvent, type Hash } from '@dstream/core';
import { isFixedName, isNameOfTable, namesOfChanges, partsAdvice, planOf } from './name-parts.ts';

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

const hashLength = 16;

/**
 * A function from a change to the name of its destination, the same in every process. A template with nothing to fill in is
 * the name, unchanged; every other name is in lower case. Of what is filled in, everything but letters, digits, `-` and `_`
 * becomes `_`; dots too, except in the server, because dots separate the parts. A name in which something was replaced, or
 * that is too long and was cut, ends in `-` and 16 digits of a hash of the original: two tables, or two values, share a
 * destination only if the template allows it, or if they differ in case alone. Throws as `namesOfChanges` does.
 */
export function destinationNames(
  template: string,
  { maxLength }: NameRules,
  hash: Hash,
): (event: ChangeEvent) => string {
  if (isFixedName(template)) return () => template;
  return namesOfChanges(template, (valueOf) => nameOf(template, valueOf, maxLength, hash));
}

/** The same for plans, of a table. What differs between its changes stays a template, as in `orders.{{ data.Region }}`. */
export function plannedNames(
  template: string,
  { maxLength }: NameRules,
  hash: Hash,
): (table: NamedTable) => string {
  if (isFixedName(template)) return () => template;
  if (!isNameOfTable(template))
    return (table) => lowerCaseAround(planOf(template, table, (value, part) => valid(part, value)));
  const partOf = (table: NamedTable) => (part: NamePart) => (isTablePart(part) ? table[part] : '');
  return (table) => nameOf(template, partOf(table), maxLength, hash);
}

/** The names of columns stay as they are written. */
function lowerCaseAround(text: string): string {
  return text.replaceAll(/\{\{[^{}]*\}\}|[^{}]+/g, (part) =>
    part.startsWith('{') ? part : part.toLowerCase(),
  );
}

/** The name that a script has chosen, as it is. Throws Rejected when the service takes no such name. */
export function checkedName(name: string, rules: NameRules): string {
  if (isName(name, rules)) return name;
  throw new DStreamError('Rejected', `"${name}" is not the name of ${rules.what}; ${adviceOf(rules)}`);
}

function nameOf(
  template: string,
  valueOf: (part: NamePart) => string,
  maxLength: number,
  hash: Hash,
): string {
  let replaced = false;
  const filled = fillNames(template, (part) => {
    const value = valid(part, valueOf(part));
    replaced ||= value !== valueOf(part).toLowerCase();
    return value;
  }).toLowerCase();
  const name = /^[a-z0-9]/.test(filled) ? filled : `x${filled}`;
  if (!replaced && name === filled && /[a-z0-9]$/.test(name) && name.length <= maxLength) return name;
  const exact = fillNames(template, (part) => JSON.stringify(valueOf(part).toLowerCase()));
  return `${name.slice(0, maxLength - hashLength - 1)}-${hash(exact).slice(0, hashLength)}`;
}

function valid(part: NamePart, value: string): string {
  return value.toLowerCase().replaceAll(part === 'server' ? /[^a-z0-9._-]/g : /[^a-z0-9_-]/g, '_');
}

function isName(name: string, { maxLength, slashes }: NameRules): boolean {
  const pattern = slashes ? /^[a-z0-9](?:[a-z0-9._/-]*[a-z0-9])?$/i : /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i;
  return name.length <= maxLength && pattern.test(name);
}

function adviceOf({ maxLength, slashes }: NameRules): string {
  const characters = `letters, digits, ".", "-"${slashes ? ', "_" and "/"' : ' and "_"'}`;
  return `use ${characters}, at most ${maxLength} characters, with a letter or digit at both ends`;
}

/** The value of the key `name`: a name, or a template of one, whose fixed text keeps to the rules. */
export function nameTemplate(rules: NameRules): ValueType<string> {
  const wrong = (given: Given) => `${given.shown} is not the name of ${rules.what}`;
  return {
    expected: `name of ${rules.what}`,
    blank: '',
    read: (given) => {
      const value = textOf(given);
      if (value === undefined) return faulty(wrong(given), 'write it in double quotes');
      if (
        isName(
          fillNames(value, () => 'x'),
          rules,
        )
      )
        return sound(value);
      return faulty(wrong(given), `${adviceOf(rules)}; ${partsAdvice} are replaced`);
    },
  };
}

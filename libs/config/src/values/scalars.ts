import { secretParts } from './connection-strings.ts';
import { formatDuration, parseDuration } from './go-duration.ts';
import { nearest } from './nearest.ts';
import { faulty, invalid, sound, textOf, type Given, type Result, type ValueType } from './value-type.ts';

/** Both ends as a file has them: `10ms`, 1024. */
interface Limits {
  readonly min: number | string;
  readonly max: number | string;
}

interface Range {
  readonly min: number;
  readonly max: number;
}

/** What a text must look like, and how messages speak of it. */
export interface TextRule {
  /** What it is: `a topic name`. */
  readonly what: string;
  readonly pattern: RegExp;
  /** What the pattern asks for, as an advice. */
  readonly right: string;
}

/** A string that is not empty and keeps to a rule. */
export function text(rule: TextRule): ValueType<string> {
  return {
    expected: rule.what.replace(/^an? /, ''),
    blank: '',
    read: (given) => {
      const value = textOf(given);
      if (value === undefined)
        return faulty(`${given.shown} is not ${rule.what}`, 'write it in double quotes');
      if (value.trim() === '') return faulty('the value is empty', `write ${rule.what}`);
      return rule.pattern.test(value)
        ? sound(value)
        : faulty(`${given.shown} is not ${rule.what}`, rule.right);
    },
  };
}

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

/** The path of a file. That it exists is not checked. */
export const filePath = path({ what: 'a path', right: 'write a file path' });

/** One of some words. */
export function choice<const T extends string>(options: readonly [T, ...T[]]): ValueType<T> {
  const quoted = options.map((option) => `"${option}"`);
  const list = [quoted.slice(0, -1).join(', '), quoted.at(-1)].filter((part) => part !== '').join(' or ');
  return {
    expected: list,
    blank: options[0],
    read: (given) => {
      const value = textOf(given);
      const found = options.find((option) => option === value);
      if (found !== undefined) return sound(found);
      const meant = nearest(value ?? '', options);
      const right = meant === undefined ? `write ${list}` : `did you mean "${meant}"?`;
      return faulty(invalid(given), right);
    },
  };
}

/** `true` or `false`; as text only out of a variable. */
export const boolean: ValueType<boolean> = {
  expected: 'true or false',
  blank: false,
  read: (given) => {
    const value = given.fromVariable ? fromText(textOf(given)) : given.value;
    if (typeof value === 'boolean') return sound(value);
    return faulty(invalid(given), 'write true or false, without quotes');
  },
};

function fromText(value: string | undefined): boolean | undefined {
  if (value === 'true') return true;
  return value === 'false' ? false : undefined;
}

/** A whole number within a range, both ends included. */
export function wholeNumber(range: Range): ValueType<number> {
  return {
    expected: `whole number, ${span(range)}`,
    blank: range.min,
    read: (g) => readNumber(g, 'a whole number', range),
  };
}

/** A number of bytes within a range, both ends included. */
export function sizeInBytes(range: Range): ValueType<number> {
  return {
    expected: `size in bytes, ${span(range)}`,
    blank: range.min,
    read: (g) => readNumber(g, 'a size in bytes', range),
  };
}

function readNumber(given: Given, what: string, range: Range): Result<number> {
  const value = given.fromVariable ? numberFrom(textOf(given)) : given.value;
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    return faulty(`${given.shown} is not ${what}`, `write a number without quotes, ${span(range)}`);
  }
  if (value < range.min || value > range.max) return outOfRange(given, range);
  return sound(value);
}

function numberFrom(value: string | undefined): number | undefined {
  return value !== undefined && /^-?\d+$/.test(value) ? Number(value) : undefined;
}

function outOfRange<T>({ shown }: Given, { min, max }: Limits): Result<T> {
  return faulty(`${shown} is out of range (${min}–${max})`);
}

function span({ min, max }: Limits): string {
  return `${min} to ${max}`;
}

/** Milliseconds, from Go's form. */
export function duration(limits: { readonly min: string; readonly max: string }): ValueType<number> {
  const min = parseDuration(limits.min) ?? 0;
  const max = parseDuration(limits.max) ?? Number.POSITIVE_INFINITY;
  return {
    expected: `duration, ${span(limits)}`,
    blank: min,
    read: (given) => {
      const ms = parseDuration(textOf(given) ?? '');
      if (ms === undefined) return faulty(`${given.shown} is not a duration`, durationAdvice(given));
      if (ms < min || ms > max) return outOfRange(given, limits);
      return sound(ms);
    },
  };
}

function durationAdvice(given: Given): string {
  const { value } = given;
  if (typeof value === 'number') return `write it in quotes with its unit, such as "${value}s"`;
  if (typeof value === 'string' && value.startsWith('-')) return 'a duration cannot be negative';
  return 'write numbers with units, such as "200ms", "5s", "2m" or "1h30m"';
}

/** A duration that is a whole number of seconds: what the protocol of a service accepts. */
export function wholeSeconds(limits: { readonly min: string; readonly max: string }): ValueType<number> {
  const type = duration(limits);
  return {
    ...type,
    expected: `${type.expected}, whole seconds`,
    read: (given) => {
      const result = type.read(given);
      if (!('value' in result) || result.value % 1000 === 0) return result;
      const below = formatDuration(Math.floor(result.value / 1000) * 1000);
      return faulty(`${given.shown} is not a whole number of seconds`, `write "${below}"`);
    },
  };
}

/** How many changes a message carries: `auto`, as many as were read together and fit, or one. */
export const pack: ValueType<'auto' | 1> = {
  expected: '"auto" or 1',
  blank: 'auto',
  read: (given) => {
    const value = textOf(given) ?? given.value;
    if (value === 'auto') return sound('auto');
    if (value === 1 || (given.fromVariable && value === '1')) return sound(1);
    return faulty(invalid(given), 'write "auto", or 1 for one change per message');
  },
};

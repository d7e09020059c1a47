/**
 * Connection strings: what their client libraries would not take is refused at once, by the names of their parts. No
 * message repeats any of a value. Of brokers: `broker-connection-string.ts`.
 */
import { nearest } from './nearest.ts';
import { faulty, sound, textOf, type Given, type Result, type ValueType } from './value-type.ts';

/** A value may be in quotes or braces; it may hold semicolons then. */
const pair = /([^=;]+)=\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|\{(?:[^}]|\}\})*\}|[^;]*)/g;

/** `Name=value;Name=value`, names in lower case. A value may hold `=`: keys are base64. */
export function connectionParts(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(pair)].map(([, name = '', value = '']) => [name.trim().toLowerCase(), value.trim()]),
  );
}

const secretNames: ReadonlySet<string> = new Set([
  'sharedaccesskey',
  'sharedaccesssignature',
  'accountkey',
  'password',
  'pwd',
  'clientsecret',
  'accesstoken',
]);

/** The secrets in a connection string, in every spelling in which they may appear elsewhere. */
export function secretParts(text: string): readonly string[] {
  const named = [...connectionParts(text)]
    .filter(([name]) => secretNames.has(name))
    .map(([, value]) => unquoted(value));
  const raw = [...named, ...passwordsOfUrl(text)];
  return [...new Set(raw.flatMap((secret) => [secret, encodeURIComponent(secret), decoded(secret)]))];
}

function unquoted(value: string): string {
  return /^(?:"[^]*"|'[^]*'|\{[^]*\})$/.test(value) ? value.slice(1, -1) : value;
}

/** `sqlserver://user:password@host?password=…`. */
function passwordsOfUrl(text: string): readonly string[] {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/[^/:@]*:([^]*)@/i.exec(text)?.[1];
  const parameter = /[?&](?:password|pwd)=([^&]*)/i.exec(text)?.[1];
  return [authority, parameter].filter((value) => value !== undefined);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // it was never encoded: a lone percent sign
  }
}

/** What is wrong with a connection string, and what to write instead. Repeats no value of it. */
export type Refusal = readonly [wrong: string, right: string];

/** @param refuse what is wrong with a text that is not empty; undefined when nothing is */
export function connectionString(
  what: string,
  right: string,
  refuse: (text: string) => Refusal | undefined,
): ValueType<string> {
  return {
    expected: what.replace(/^an? /, ''),
    blank: '',
    secretsOf: ({ value }) => (typeof value === 'string' ? secretParts(value) : []),
    read: (given: Given): Result<string> => {
      const value = textOf(given);
      if (value === undefined) return faulty(`${given.shown} is not ${what}`, 'write it in double quotes');
      if (value.trim() === '') return faulty('the value is empty', right);
      const refusal = refuse(value.trim());
      return refusal === undefined ? sound(value) : faulty(...refusal);
    },
  };
}

/** What both of Azure's forms have in common: parts by the names that the client libraries know, letter for letter. */
export interface PartRules {
  readonly form: string;
  readonly known: readonly string[];
}

/** Values by the name of the part, as it is written. */
export type Parts = ReadonlyMap<string, string>;

/** Either the parts or the first thing that is wrong. */
export type PartsRead = { readonly parts: Parts } | { readonly refusal: Refusal };

const inQuotes: Refusal = [
  'the connection string is in quotes',
  'remove them (a shell takes them off, an .env file may not)',
];

/** Splits as Azure's client libraries do: no value may be in quotes or hold a semicolon. */
export function readParts(text: string, { form, known }: PartRules): PartsRead {
  if (/^(["']).*\1$/s.test(text)) return { refusal: inQuotes };
  const parts = new Map<string, string>();
  for (const part of text
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '')) {
    const [, name, value = ''] = /^([^=]*)=(.*)$/s.exec(part) ?? [];
    if (name === undefined) return { refusal: ['the connection string has a part without "="', form] };
    const refusal = refusePart(name.trim(), value.trim(), { form, known });
    if (refusal !== undefined) return { refusal };
    parts.set(name.trim(), value.trim());
  }
  return { parts };
}

function refusePart(name: string, value: string, { form, known }: PartRules): Refusal | undefined {
  if (/^(["']).+\1$/s.test(value) && known.includes(name))
    return [`the value of ${name} in the connection string is in quotes`, 'remove them'];
  if (known.includes(name)) return undefined;
  // What does not look like a keyword may be the tail of a key or a password: it is not repeated.
  const shown = /^[A-Za-z][A-Za-z ]{1,39}$/.test(name) ? `unknown keyword "${name}"` : 'unknown keyword';
  const meant = nearest(name, known);
  const advice = meant === undefined ? form : `did you mean ${meant}?`;
  return [`${shown} in the connection string`, advice];
}

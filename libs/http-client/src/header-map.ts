/** The value of the key `headers`: an object of names and texts. */
import { faulty, sound, textOf, type Given, type Result, type ValueType } from '@dstream/config/schema';
import { withCredentials } from './shown-url.ts';

/** What the client library sets. */
const ofConnection =
  /^(?:content-length|transfer-encoding|connection|keep-alive|upgrade|host|expect|te|trailer)$/i;

/** Header fields whose values are hidden wherever they appear; so is every value that came out of a variable. */
const sensitive = /auth|cookie|key|passw|secret|signature|token/i;

/** "RFC 9110, 5.6.2. Tokens" and "5.5. Field Values", of which ASCII only. */
const [fieldName, fieldValue] = [/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, /^[!-~](?:[\t -~]*[!-~])?$/];

const example = 'write { Authorization = "{{ env "NAME" }}" }';

/**
 * Names and values.
 * @param reserved names that the caller sets itself, if any
 */
export function headerMap(reserved?: RegExp): ValueType<Readonly<Record<string, string>>> {
  return {
    expected: 'object of headers',
    blank: {},
    read: (given) => readHeaders(given, (name) => ofConnection.test(name) || reserved?.test(name) === true),
    secretsOf: ({ entries = new Map<string, Given>() }) =>
      [...entries].flatMap(([name, given]) =>
        (given.fromVariable || sensitive.test(name)) && typeof given.value === 'string'
          ? withCredentials(given.value)
          : [],
      ),
  };
}

type IsReserved = (name: string) => boolean;

function readHeaders(
  { entries, shown }: Given,
  isReserved: IsReserved,
): Result<Readonly<Record<string, string>>> {
  if (entries === undefined) return faulty(`${shown} is not an object`, example);
  const headers: Record<string, string> = {};
  for (const [name, given] of entries) {
    const result = readHeader(name, given, isReserved);
    if ('faults' in result) return result;
    if (Object.hasOwn(headers, name.toLowerCase())) return faulty(`duplicate header ${name}`, 'remove one');
    headers[name.toLowerCase()] = result.value;
  }
  return sound(headers);
}

function readHeader(name: string, given: Given, isReserved: IsReserved): Result<string> {
  if (!fieldName.test(name)) return faulty(`"${name}" is not the name of a header`, example);
  if (isReserved(name)) return faulty(`the header ${name} is set by DStream`, 'remove it');
  const value = textOf(given);
  if (value === undefined || !fieldValue.test(value))
    return faulty(`the value of the header ${name} is not a text of visible ASCII characters`, example);
  return sound(value);
}

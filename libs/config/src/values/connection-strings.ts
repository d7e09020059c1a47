/**
 * Connection strings: what is obviously not one is refused at once, by the names of its parts. No message repeats any
 * of a value. Their forms: "Service Bus: get connection string", "Configure Azure Storage connection strings".
 */
import { faulty, sound, textOf, type Given, type Result, type ValueType } from './value-type.ts';

/** A value may stand in quotes or braces, and then hold semicolons. */
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

/** What of a connection string is secret by itself, in the spellings it may turn up in elsewhere. */
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

type Refusal = readonly [wrong: string, right: string];

function connectionString(
  what: string,
  right: string,
  refuse: (parts: ReadonlyMap<string, string>) => Refusal | undefined,
): ValueType<string> {
  return {
    expected: what.replace(/^an? /, ''),
    blank: '',
    secretsOf: secretParts,
    read: (given: Given): Result<string> => {
      const value = textOf(given);
      if (value === undefined) return faulty(`${given.shown} is not ${what}`, 'write it in double quotes');
      if (value.trim() === '') return faulty('the value is empty', right);
      const refusal = refuse(connectionParts(value));
      return refusal === undefined ? sound(value) : faulty(...refusal);
    },
  };
}

/** Both brokers have namespaces, with connection strings of the same form. */
export type BrokerService = 'Service Bus' | 'Event Hubs';

const brokerForm =
  'it looks like Endpoint=sb://NAME.servicebus.windows.net/;SharedAccessKeyName=…;SharedAccessKey=…';

export function brokerConnectionString(service: BrokerService): ValueType<string> {
  const what =
    service === 'Service Bus' ? 'a Service Bus connection string' : 'an Event Hubs connection string';
  return connectionString(what, brokerForm, refuseBroker);
}

function refuseBroker(parts: ReadonlyMap<string, string>): Refusal | undefined {
  const endpoint = parts.get('endpoint');
  if (endpoint === undefined) return ['the connection string has no Endpoint=', brokerForm];
  const host = hostOf(endpoint);
  if (host === undefined) return ['the Endpoint of the connection string is not an address', brokerForm];
  if (!parts.has('sharedaccesskey') && !parts.has('sharedaccesssignature')) {
    return ['the connection string has neither SharedAccessKey= nor SharedAccessSignature=', brokerForm];
  }
  return refuseEmulator(parts.get('usedevelopmentemulator'), host);
}

/** The client library turns TLS off for `UseDevelopmentEmulator=true`, in exactly this spelling. */
function refuseEmulator(setting: string | undefined, host: string): Refusal | undefined {
  if (setting === undefined || setting.toLowerCase() !== 'true') return undefined;
  if (!isLocal(host)) {
    return [
      'UseDevelopmentEmulator=true turns encryption off, and the host is not this machine',
      'remove it, or connect to localhost',
    ];
  }
  if (setting === 'true') return undefined;
  return [
    'the client library knows UseDevelopmentEmulator only in lower case',
    'write UseDevelopmentEmulator=true',
  ];
}

function hostOf(endpoint: string): string | undefined {
  return /^[a-z]+:\/\/(\[[^\]]+\]|[^/:@\s]+)(?::\d+)?(?:\/|$)/i.exec(endpoint)?.[1]?.toLowerCase();
}

export function isLocal(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(host)
  );
}

const blobForm =
  'it looks like DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net';

export const blobConnectionString = connectionString('a storage connection string', blobForm, (parts) => {
  if (parts.get('usedevelopmentstorage')?.toLowerCase() === 'true') return undefined;
  const known = ['defaultendpointsprotocol', 'blobendpoint', 'accountname'].some((name) => parts.has(name));
  return known ? undefined : ['the connection string names neither AccountName= nor BlobEndpoint=', blobForm];
});

/** Its form is the business of the source's library; here it only must not be empty. */
export const databaseConnectionString = connectionString(
  'a database connection string',
  'it looks like Server=…;Database=…;User Id=…;Password=… or sqlserver://USER:PASSWORD@HOST:1433?database=…',
  () => undefined,
);

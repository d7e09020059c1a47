/**
 * Connection strings of Service Bus and Event Hubs ("Service Bus: get connection string"), as the client libraries
 * read them: names letter for letter, no quotes, what they do not know is silently left out there.
 */
import {
  connectionString,
  readParts,
  type PartRules,
  type Parts,
  type Refusal,
} from './connection-strings.ts';
import type { ValueType } from './value-type.ts';

/** AMQP over TLS on port 5671, or over WebSockets on port 443. */
export type BrokerTransport = 'amqp' | 'websockets';

/** Both brokers have namespaces, with connection strings of the same form. */
export type BrokerService = 'Service Bus' | 'Event Hubs';

const form =
  'it looks like Endpoint=sb://NAME.servicebus.windows.net/;SharedAccessKeyName=…;SharedAccessKey=…';

const rules: PartRules = {
  form,
  known: [
    'Endpoint',
    'SharedAccessKeyName',
    'SharedAccessKey',
    'SharedAccessSignature',
    'EntityPath',
    'TransportType',
    'UseDevelopmentEmulator',
  ],
};

/** The values of .NET's clients; their client for Node leaves the keyword out. */
const transports: ReadonlyMap<string, BrokerTransport> = new Map([
  ['amqp', 'amqp'],
  ['amqptcp', 'amqp'],
  ['amqpwebsockets', 'websockets'],
]);

/** The value type of a connection string. What the client library would refuse or misread is refused here, with the right form. */
export function brokerConnectionString(service: BrokerService): ValueType<string> {
  const what =
    service === 'Service Bus' ? 'a Service Bus connection string' : 'an Event Hubs connection string';
  return connectionString(what, form, refuse);
}

/** The TransportType of a connection string; undefined when it has none. */
export function transportOf(text: string): BrokerTransport | undefined {
  const read = readParts(text, rules);
  return 'parts' in read ? transports.get(read.parts.get('TransportType')?.toLowerCase() ?? '') : undefined;
}

/** `Endpoint=sb://HOST:5671/`: the client library would open WebSockets there. */
export function namesAmqpPort(text: string): boolean {
  return /Endpoint\s*=[^;]*:567[12]\/?\s*(?:;|$)/.test(text) && !text.includes('UseDevelopmentEmulator');
}

function refuse(text: string): Refusal | undefined {
  if (/(?:^|;)\s*Authentication\s*=/i.test(text))
    return ['the connection string asks for an identity', 'write namespace = "…" instead'];
  const read = readParts(text, rules);
  if ('refusal' in read) return read.refusal;
  const { parts } = read;
  const endpoint = parts.get('Endpoint');
  if (endpoint === undefined) return ['the connection string has no Endpoint=', form];
  const host = hostOf(endpoint);
  if (host === undefined) return ['the Endpoint of the connection string is not an address', form];
  return refuseKeys(parts) ?? refuseTransport(parts) ?? refuseEmulator(parts, host);
}

function refuseKeys(parts: Parts): Refusal | undefined {
  const signature = parts.get('SharedAccessSignature') ?? '';
  const [name, key] = [parts.get('SharedAccessKeyName') ?? '', parts.get('SharedAccessKey') ?? ''];
  if (signature !== '' && (name !== '' || key !== ''))
    return ['SharedAccessSignature and SharedAccessKey cannot be combined', 'remove one of the two'];
  if (signature !== '')
    return signature.startsWith('SharedAccessSignature ')
      ? undefined
      : [
          'invalid SharedAccessSignature in the connection string',
          'its value begins with "SharedAccessSignature sr="',
        ];
  if (key === '')
    return ['the connection string has neither SharedAccessKey= nor SharedAccessSignature=', form];
  return name === '' ? ['the connection string has no SharedAccessKeyName=', form] : undefined;
}

function refuseTransport(parts: Parts): Refusal | undefined {
  const type = parts.get('TransportType');
  if (type === undefined || transports.has(type.toLowerCase())) return undefined;
  return ['invalid TransportType in the connection string', 'write Amqp or AmqpWebSockets'];
}

/** The client library turns TLS off for `UseDevelopmentEmulator=true`, in exactly this spelling. */
function refuseEmulator(parts: Parts, host: string): Refusal | undefined {
  const setting = parts.get('UseDevelopmentEmulator');
  if (setting === undefined || setting.toLowerCase() === 'false') return undefined;
  if (setting.toLowerCase() !== 'true')
    return [
      'invalid UseDevelopmentEmulator in the connection string',
      'write UseDevelopmentEmulator=true or remove it',
    ];
  if (!isLocal(host)) {
    return [
      'UseDevelopmentEmulator=true turns encryption off, and the host is not this machine',
      'remove it, or connect to localhost',
    ];
  }
  if (setting === 'true') return undefined;
  return ['the value of UseDevelopmentEmulator must be in lower case', 'write UseDevelopmentEmulator=true'];
}

function hostOf(endpoint: string): string | undefined {
  return /^[a-z]+:\/\/(\[[^\]]+\]|[^/:@\s\\%,]+)(?::\d{1,5})?\/?$/i.exec(endpoint)?.[1]?.toLowerCase();
}

/** True for names and addresses of this machine. A container beside it is not this machine. */
export function isLocal(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(host)
  );
}

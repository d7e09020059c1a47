import { conceal } from '../schema/conceal.ts';
import type { Findings } from '../schema/problems.ts';
import { optional, type Reading } from '../schema/schema.ts';
import {
  brokerConnectionString,
  namesAmqpPort,
  transportOf,
  type BrokerService,
  type BrokerTransport,
} from '../values/broker-connection-string.ts';
import { connectionParts } from '../values/connection-strings.ts';
import { choice, text } from '../values/scalars.ts';

/** A connection string (secret), or a namespace with managed identity. */
export type BrokerConnection = (
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'namespace'; readonly namespace: string }
) & { readonly transport: BrokerTransport };

const namespace = text({
  what: 'a namespace',
  pattern: /^[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)+$/,
  right: 'write its host name, such as "shop.servicebus.windows.net"',
});

/** The two ways to a broker: exactly one of them is in a block. */
export function brokerConnectionKeys(service: BrokerService) {
  return {
    connection_string: optional(
      brokerConnectionString(service),
      'namespace is used',
      'Connection string of the namespace.',
      { secret: true },
    ),
    namespace: optional(
      namespace,
      'connection_string is used',
      'Host name of the namespace, instead of a connection string: an identity of Microsoft Entra ID signs in.',
    ),
    transport: optional(
      choice(['amqp', 'websockets']),
      'TransportType of the connection string, else "amqp"',
      'AMQP over TLS on port 5671, or over WebSockets on port 443, which can pass an HTTP proxy.',
    ),
  } as const;
}

/** The keys that `readBrokerConnection` reads. */
export type BrokerConnectionKeys = ReturnType<typeof brokerConnectionKeys>;

/** Reads the keys of `brokerConnectionKeys`. Reports a missing, doubled or contradicting connection to `findings`; what it returns is not used then. */
export function readBrokerConnection(
  reading: Reading<BrokerConnectionKeys>,
  findings: Findings,
): BrokerConnection {
  const { connection_string: connectionString, namespace: host } = reading.values;
  requireOne(reading, 'connection_string', 'namespace', findings);
  const transport = readTransport(reading, findings);
  if (connectionString !== undefined && transport === 'websockets' && namesAmqpPort(connectionString))
    findings.add(
      reading.placeOf('connection_string'),
      'the Endpoint of the connection string has the AMQP port, but WebSockets use port 443; remove the port',
    );
  if (host !== undefined) return { kind: 'namespace', namespace: host, transport };
  return conceal(
    { kind: 'connection-string', connectionString: connectionString ?? '', transport },
    'connectionString',
  );
}

function readTransport(reading: Reading<BrokerConnectionKeys>, findings: Findings): BrokerTransport {
  const { connection_string: connectionString, transport } = reading.values;
  const said = connectionString === undefined ? undefined : transportOf(connectionString);
  if (said !== undefined && transport !== undefined && said !== transport)
    findings.add(
      reading.placeOf('transport'),
      'transport contradicts the TransportType of the connection string; remove one of the two',
    );
  return transport ?? said ?? 'amqp';
}

/** Exactly one of two keys must be given. */
export function requireOne<A extends string, B extends string>(
  reading: Pick<Reading<Record<A | B, never>>, 'isGiven' | 'placeOf' | 'place'>,
  a: A,
  b: B,
  findings: Findings,
): void {
  const both = reading.isGiven(a) && reading.isGiven(b);
  if (both) findings.add(reading.placeOf(b), `${a} and ${b} cannot be combined; remove one of the two`);
  if (reading.isGiven(a) || reading.isGiven(b)) return;
  findings.add(reading.placeOf(a), `missing key ${a}; write ${a} = "{{ env "NAME" }}"`);
}

/** The client library refuses a connection string whose EntityPath is not the entity asked for. */
export function checkEntityPath(
  reading: Reading<BrokerConnectionKeys>,
  entity: string,
  findings: Findings,
): void {
  const { connection_string: text } = reading.values;
  const path = text === undefined ? undefined : connectionParts(text).get('entitypath');
  if (path === undefined || path.toLowerCase() === entity.toLowerCase()) return;
  findings.add(
    reading.placeOf('connection_string'),
    `the EntityPath of the connection string is not the topic "${entity}"; remove it, or write that topic`,
  );
}

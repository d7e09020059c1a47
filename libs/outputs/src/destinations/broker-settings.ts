/** Keys and settings of an output of a broker: a connection, and a destination's name that is filled in for each change. */
import {
  brokerConnectionKeys,
  connectionParts,
  fillNames,
  readBrokerConnection,
  withDefault,
  type BrokerConnection,
  type BrokerConnectionKeys,
  type Findings,
  type Key,
  type Reading,
} from '@dstream/config/schema';
import type { ChangeMetadata, Hash, TokenCredential } from '@dstream/core';
import type { ServiceBusAddress } from '@dstream/service-bus';
import { destinationNames, nameTemplate, type NameRules } from './destination-name.ts';

type BrokerDestinationKeys = BrokerConnectionKeys & { readonly name: Key<string> };

/** The keys that the outputs of both brokers have. */
export function brokerDestinationKeys(rules: NameRules): BrokerDestinationKeys {
  return {
    ...brokerConnectionKeys(rules.service),
    name: withDefault(
      nameTemplate(rules),
      '{{ server }}.{{ database }}.{{ table }}.events',
      'Name of the destination. {{ server }}, {{ database }}, {{ schema }} and {{ table }} are replaced, in lower case.',
      { keepsNames: true },
    ),
  };
}

/** Values of those keys. */
export interface BrokerDestination {
  readonly connection: BrokerConnection;
  /** A template, or a plain name: see `destinationNames`. */
  readonly name: string;
}

/**
 * Reads those keys. A connection string may name one entity (`EntityPath`): that is the destination then, because the
 * client libraries refuse every other one.
 */
export function readBrokerDestination(
  reading: Reading<BrokerDestinationKeys>,
  findings: Findings,
): BrokerDestination {
  const { connection_string: text, name } = reading.values;
  const connection = readBrokerConnection(reading, findings);
  const entity = text === undefined ? undefined : connectionParts(text).get('entitypath');
  if (entity === undefined) return { connection, name };
  if (reading.isGiven('name') && reading.isSound('name') && name.toLowerCase() !== entity.toLowerCase()) {
    findings.add(
      reading.placeOf('name'),
      'name contradicts the EntityPath of the connection string; remove one of the two',
    );
  }
  return { connection, name: entity };
}

/** Names of the destinations of changes. */
export interface Names {
  /** Name of the destination of a change. */
  readonly nameOf: (metadata: ChangeMetadata) => string;
  /** The destination of all changes, if there is only one. */
  readonly fixedName: string | undefined;
}

/** The names of destinations, from the configured `name`. */
export function namesOf(template: string, rules: NameRules, hash: Hash): Names {
  const isFixed = fillNames(template, () => '') === template;
  return { nameOf: destinationNames(template, rules, hash), fixedName: isFixed ? template : undefined };
}

/** A connection string, or a host name and the credential that signs in. The clients of both brokers accept the same. */
export type BrokerAddress = ServiceBusAddress;

/** The address that a connection of the configuration means. `credential` is called only where one is needed. */
export function addressOf(connection: BrokerConnection, credential: () => TokenCredential): BrokerAddress {
  const { transport } = connection;
  return connection.kind === 'namespace'
    ? { namespace: connection.namespace, credential: credential(), transport }
    : { connectionString: connection.connectionString, transport };
}

/** Keys and settings of an output of a broker: a connection, and a destination's name that is filled in for each change. */
import {
  brokerConnectionKeys,
  connectionParts,
  readBrokerConnection,
  wholeNumber,
  withDefault,
  type BrokerConnection,
  type BrokerConnectionKeys,
  type BrokerService,
  type Findings,
  type Key,
  type Reading,
} from '@dstream/config/schema';
import { DStreamError, type Hash, type RoutedEvent, type TokenCredential } from '@dstream/core';
import type { ServiceBusAddress } from '@dstream/service-bus';
import { checkedName, destinationNames, nameTemplate, type NameRules } from './destination-name.ts';
import { isFixedName, partsAdvice } from './name-parts.ts';

type BrokerDestinationKeys = BrokerConnectionKeys & {
  readonly name: Key<string>;
  readonly max_destinations: Key<number>;
};

/** A destination of Service Bus is a link of one connection, a hub has a connection of its own. */
const defaultMaxDestinations: Readonly<Record<BrokerService, number>> = {
  'Service Bus': 1_000,
  'Event Hubs': 256,
};

/** The keys that the outputs of both brokers have. */
export function brokerDestinationKeys(rules: NameRules): BrokerDestinationKeys {
  return {
    ...brokerConnectionKeys(rules.service),
    name: withDefault(
      nameTemplate(rules),
      '{{ server }}.{{ database }}.{{ table }}.events',
      `Name of the destination. ${partsAdvice} are replaced, in lower case.`,
      { keepsNames: true },
    ),
    max_destinations: withDefault(
      wholeNumber({ min: 1, max: 10_000 }),
      defaultMaxDestinations[rules.service],
      'Destinations that are open at a time, at most. The one that was not used for longest is closed for the next.',
    ),
  };
}

/** Values of those keys. */
export interface BrokerDestination {
  readonly connection: BrokerConnection;
  /** A template, or a plain name: see `destinationNames`. */
  readonly name: string;
  /** Destinations that are open at a time, at most. */
  readonly maxOpen: number;
  /** True when the connection string allows no other destination. */
  readonly isOnlyOne: boolean;
}

/**
 * Reads those keys. A connection string may name one entity (`EntityPath`): that is the destination then, because the
 * client libraries refuse every other one.
 */
export function readBrokerDestination(
  reading: Reading<BrokerDestinationKeys>,
  findings: Findings,
): BrokerDestination {
  const { connection_string: text, name, max_destinations: maxOpen } = reading.values;
  const connection = readBrokerConnection(reading, findings);
  const entity = text === undefined ? undefined : connectionParts(text).get('entitypath');
  if (entity === undefined) return { connection, name, maxOpen, isOnlyOne: false };
  if (reading.isGiven('name') && reading.isSound('name') && name.toLowerCase() !== entity.toLowerCase()) {
    findings.add(
      reading.placeOf('name'),
      'name contradicts the EntityPath of the connection string; remove one of the two',
    );
  }
  return { connection, name: entity, maxOpen, isOnlyOne: true };
}

/** Names of the destinations of changes. */
export interface Names {
  /**
   * Name of the destination of a change: that which a transform has chosen, else one out of the template. Throws Rejected
   * where the change has none.
   */
  readonly nameOf: (routed: RoutedEvent) => string;
  /** The destination of all changes, if there is only one. */
  readonly fixedName: string | undefined;
}

/** The names of destinations, from the configured `name`. */
export function namesOf(
  { name, isOnlyOne }: Pick<BrokerDestination, 'name' | 'isOnlyOne'>,
  rules: NameRules,
  hash: Hash,
): Names {
  const fromTemplate = destinationNames(name, rules, hash);
  const chosen = (destination: string): string => {
    if (!isOnlyOne || destination === name) return checkedName(destination, rules);
    throw new DStreamError(
      'Rejected',
      `"${destination}" cannot be reached: the EntityPath of the connection string is "${name}"`,
    );
  };
  return {
    nameOf: ({ destination, event }) =>
      destination === undefined ? fromTemplate(event) : chosen(destination),
    fixedName: isFixedName(name) ? name : undefined,
  };
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

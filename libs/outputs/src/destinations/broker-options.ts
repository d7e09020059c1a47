/** What both brokers' publishers take, out of the settings of an output. */
import { fillNames, type BrokerConnection } from '@dstream/config/schema';
import type { ChangeMetadata, Hash, TokenCredential } from '@dstream/core';
import type { ServiceBusAddress } from '@dstream/service-bus';
import { destinationNames, type NameRules } from './destination-name.ts';

export interface Names {
  /** Name of the destination that a change goes to. */
  readonly nameOf: (metadata: ChangeMetadata) => string;
  /** The destination of all changes, where there is only one. */
  readonly fixedName: string | undefined;
}

/**
 * A name with nothing to fill in stays as it was written: it may be the EntityPath of the connection string, and the
 * client libraries want that letter for letter.
 */
export function namesOf(template: string, rules: NameRules, hash: Hash): Names {
  const isFixed = fillNames(template, () => '') === template;
  if (isFixed) return { nameOf: () => template, fixedName: template };
  return { nameOf: destinationNames(template, rules, hash), fixedName: undefined };
}

/** How to get in: the connection string, or the host name and who signs in. Both brokers' clients take the same. */
export type BrokerAddress = ServiceBusAddress;

export function addressOf(connection: BrokerConnection, credential: () => TokenCredential): BrokerAddress {
  const { transport } = connection;
  return connection.kind === 'namespace'
    ? { namespace: connection.namespace, credential: credential(), transport }
    : { connectionString: connection.connectionString, transport };
}

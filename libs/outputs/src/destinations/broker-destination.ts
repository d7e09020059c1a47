/** What the outputs of both brokers have: a connection, and a destination's name that is filled in for each change. */
import {
  brokerConnectionKeys,
  connectionParts,
  readBrokerConnection,
  withDefault,
  type BrokerConnection,
  type BrokerConnectionKeys,
  type Findings,
  type Key,
  type Reading,
} from '@dstream/config/schema';
import { nameTemplate, type NameRules } from './destination-name.ts';

type BrokerDestinationKeys = BrokerConnectionKeys & { readonly name: Key<string> };

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

export interface BrokerDestination {
  readonly connection: BrokerConnection;
  /** For `destinationNames`: a template, or a plain name. */
  readonly name: string;
}

/**
 * A connection string may name one entity (`EntityPath`): that is the destination then, because the client libraries
 * refuse every other one.
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

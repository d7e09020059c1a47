/**
 * What `--entities` declares: the Config.json of the official Service Bus emulator, that of the Event Hubs emulator, or
 * both in one file, because they name their lists differently. A side that is not in the file is as without a file.
 */
import { parseHubEntities, type HubEntities } from './event-hubs/broker/hub-entities.ts';
import type { Entities as BusEntities } from './service-bus/broker/entity-settings.ts';
import { parseEntities as parseBusEntities } from './service-bus/broker/parse-entities.ts';

export interface Entities {
  readonly UserConfig: Partial<BusEntities['UserConfig']> & Partial<HubEntities['UserConfig']>;
}

/** The value, typed; throws an Error that says what is wrong and where. */
export function parseEntities(value: unknown): Entities {
  const sides = (value as Partial<Entities> | null)?.UserConfig;
  if (sides?.NamespaceConfig === undefined) return parseBusEntities(value);
  parseHubEntities(value);
  return sides.Namespaces === undefined ? (value as Entities) : parseBusEntities(value);
}

/** Undefined when the file says nothing of Service Bus. */
export function busEntitiesOf(entities: Entities | undefined): BusEntities | undefined {
  const { Namespaces } = entities?.UserConfig ?? {};
  return Namespaces === undefined ? undefined : { UserConfig: { Namespaces } };
}

/** Undefined when the file says nothing of Event Hubs. */
export function hubEntitiesOf(entities: Entities | undefined): HubEntities | undefined {
  const { NamespaceConfig } = entities?.UserConfig ?? {};
  return NamespaceConfig === undefined ? undefined : { UserConfig: { NamespaceConfig } };
}

/** Hubs as the official emulator's Config.json declares them ("Test locally by using the Azure Event Hubs emulator"). */
import { each, fail, record } from '../../json/check-json.ts';

export interface HubDeclaration {
  readonly Name: string;
  /** A number, as text or as such: 1 to 2048. */
  readonly PartitionCount: string | number;
  readonly ConsumerGroups?: readonly { readonly Name: string }[];
}

export interface HubNamespaceDeclaration {
  readonly Type?: string;
  readonly Name?: string;
  readonly Entities: readonly HubDeclaration[];
}

/** The parsed Config.json. */
export interface HubEntities {
  readonly UserConfig: { readonly NamespaceConfig: readonly HubNamespaceDeclaration[] };
}

/** "Azure Event Hubs quotas and limits": partitions per event hub in the largest tier. */
const maxPartitions = 2_048;

/** The value, typed. An Error names the place, as `UserConfig.NamespaceConfig[0].Entities[1].Name`. */
export function parseHubEntities(value: unknown): HubEntities {
  const { UserConfig } = record(value, 'the file');
  const { NamespaceConfig } = record(UserConfig, 'UserConfig');
  const names = new Set<string>();
  each(NamespaceConfig, 'UserConfig.NamespaceConfig', (namespace, at) => {
    const { Type, Entities } = record(namespace, at);
    if (Type !== undefined && Type !== 'EventHub') fail(`${at}.Type`, '"EventHub"');
    each(Entities, `${at}.Entities`, (entity, place) => hub(entity, place, names));
  });
  return value as HubEntities;
}

function hub(value: unknown, at: string, names: Set<string>): void {
  const { PartitionCount, ConsumerGroups, ...rest } = record(value, at);
  const name = nameOf(rest, at).toLowerCase();
  if (names.has(name)) fail(`${at}.Name`, 'a name that no other hub has');
  names.add(name);
  const unknown = Object.keys(rest).find((key) => key !== 'Name');
  if (unknown !== undefined) fail(`${at}.${unknown}`, 'one of Name, PartitionCount, ConsumerGroups');
  const count = Number(PartitionCount);
  if (!/^\d+$/.test(String(PartitionCount)) || count < 1 || count > maxPartitions)
    fail(`${at}.PartitionCount`, `a number from 1 to ${maxPartitions}`);
  each(ConsumerGroups ?? [], `${at}.ConsumerGroups`, nameOf);
}

function nameOf(value: unknown, at: string): string {
  const { Name } = record(value, at);
  if (typeof Name !== 'string' || Name === '') fail(`${at}.Name`, 'a name');
  return Name;
}

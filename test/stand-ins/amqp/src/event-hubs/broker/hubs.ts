import type { BrokerClock } from '../../protocol/broker-clock.ts';
import { entityNotFound } from '../../protocol/refusal.ts';
import { EventHub } from './event-hub.ts';
import { parseHubEntities, type HubEntities } from './hub-entities.ts';

export interface HubsOptions {
  readonly clock: BrokerClock;
  /** When given, nothing else exists. */
  readonly entities: HubEntities | undefined;
  readonly retentionMs: number;
}

/** Of a hub that comes into being by being used: enough that what mixes up partitions or assumes one shows. */
const defaultPartitions = 4;

/** All hubs, and the one place that decides which exist. Names are compared without regard to case. */
export class Hubs {
  readonly #options: HubsOptions;
  readonly #hubs = new Map<string, EventHub>();

  /** Throws an Error that names the place when `entities` are wrong. */
  constructor(options: HubsOptions) {
    this.#options = options;
    const { entities } = options;
    const namespaces = entities === undefined ? [] : parseHubEntities(entities).UserConfig.NamespaceConfig;
    for (const { Name, PartitionCount, ConsumerGroups } of namespaces.flatMap((each) => each.Entities)) {
      this.#add(
        Name,
        Number(PartitionCount),
        (ConsumerGroups ?? []).map((group) => group.Name),
      );
    }
  }

  get all(): readonly EventHub[] {
    return [...this.#hubs.values()];
  }

  /** Throws not-found for one that was not declared. Without a declaration it comes into being. */
  hub(name: string): EventHub {
    const known = this.#hubs.get(name.toLowerCase());
    if (known !== undefined) return known;
    if (name === '' || this.#options.entities !== undefined) throw entityNotFound(name);
    return this.#add(name, defaultPartitions, undefined);
  }

  #add(name: string, partitions: number, consumerGroups: readonly string[] | undefined): EventHub {
    const { clock, retentionMs } = this.#options;
    const hub = new EventHub({ name, partitions, consumerGroups, retentionMs, clock });
    this.#hubs.set(name.toLowerCase(), hub);
    return hub;
  }
}

/** The link of a client that reads one partition: credit comes in, events go out, settled as they are sent. */
import type { LinkHandler } from '../../protocol/amqp-routes.ts';
import { answerDrainWithoutCredit, capacityOf } from '../../protocol/drain.ts';
import { filterValue } from '../../protocol/amqp-codec.ts';
import { errorOf, type Refusal } from '../../protocol/refusal.ts';
import type { RheaSender } from '../../protocol/rhea-internals.ts';
import type { EventHub } from '../broker/event-hub.ts';
import type { PartitionLog } from '../broker/partition-log.ts';
import type { PartitionReaders, Reader } from '../broker/partition-readers.ts';
import { startPosition } from '../broker/start-position.ts';
import { unknownSelector } from '../broker/refusals.ts';
import { encodeEvent, type RuntimeMetric } from '../wire/encode-event.ts';
import { wants } from './capabilities.ts';
import type { HubLinkContext } from '../context/hub-link-context.ts';

const selector = 'apache.org:selector-filter:string';
const epochProperty = 'com.microsoft:epoch';
const runtimeMetric = 'com.microsoft:enable-receiver-runtime-metric';

/** A tag is required by AMQP; nothing is settled by it. */
const noTag = Buffer.alloc(4);

export class ConsumerLink implements LinkHandler, Reader {
  readonly epoch: number | undefined;
  readonly #link: RheaSender;
  readonly #log: PartitionLog;
  readonly #readers: PartitionReaders;
  readonly #context: HubLinkContext;
  readonly #wantsMetric: boolean;
  readonly #unwatch: () => void;
  #next: number;

  /** Throws a Refusal when the client may not read from there. */
  constructor(link: RheaSender, hub: EventHub, group: string, log: PartitionLog, context: HubLinkContext) {
    this.#link = link;
    this.#log = log;
    this.#context = context;
    this.epoch = epochOf(link);
    this.#wantsMetric = wants(link, runtimeMetric);
    this.#readers = hub.readers(group, log);
    log.expire();
    this.#next = startPosition(expressionOf(link), log);
    this.#readers.add(this);
    this.#unwatch = log.watch(() => this.#dispatch());
    this.#answer(`${hub.name}/ConsumerGroups/${group}/Partitions/${log.id}`);
    context.counters.consumers += 1;
  }

  disconnect(reason: Refusal): void {
    this.#link.close(errorOf(reason));
  }

  closed(): void {
    this.#unwatch();
    this.#readers.remove(this);
    this.#context.links.remove(this.#link);
  }

  #answer(address: string): void {
    const link = this.#link;
    this.#context.links.add(link, address);
    answerDrainWithoutCredit(link);
    link.on('sender_flow', () => this.#dispatch());
    link.on('sendable', () => this.#dispatch());
    link.on('sender_draining', () => link.set_drained(true));
  }

  #dispatch(): void {
    for (let free = capacityOf(this.#link); free > 0; free -= 1) {
      const event = this.#log.from(this.#next);
      if (event === undefined) return;
      this.#next = event.sequence + 1;
      this.#link.send(encodeEvent(event, this.#metric()), noTag, 0).settled = true;
      this.#context.counters.eventsOut += 1;
    }
  }

  #metric(): RuntimeMetric | undefined {
    if (!this.#wantsMetric) return undefined;
    return { last: this.#log.last, retrievedAtMs: this.#context.clock.nowMs() };
  }
}

function epochOf({ properties }: RheaSender): number | undefined {
  const epoch = properties?.[epochProperty];
  return epoch === undefined || epoch === null ? undefined : Number(epoch);
}

function expressionOf({ source }: RheaSender): string | undefined {
  const expression = filterValue(source?.filter?.[selector]);
  if (expression === undefined || expression === null) return undefined;
  if (typeof expression !== 'string') throw unknownSelector(JSON.stringify(expression));
  return expression;
}

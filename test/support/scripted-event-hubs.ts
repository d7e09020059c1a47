/**
 * Event hubs that only take events, and answer as a test says: what the real client shows of a partition that is
 * refused, held or cut. Reading is not its business: what a hub took is looked at directly.
 */
import { decodeMessage, type AmqpMessage } from '../stand-ins/amqp/src/protocol/amqp-codec.ts';
import type { LinkHandler } from '../stand-ins/amqp/src/protocol/amqp-routes.ts';
import { listenAmqp, type AmqpServer } from '../stand-ins/amqp/src/protocol/amqp-server.ts';
import { refuseLink } from '../stand-ins/amqp/src/protocol/attach.ts';
import { serveCbs } from '../stand-ins/amqp/src/protocol/cbs-link.ts';
import {
  entityNotFound,
  messageTooLarge,
  serverBusy,
  type Refusal,
} from '../stand-ins/amqp/src/protocol/refusal.ts';
import { serveReplies } from '../stand-ins/amqp/src/protocol/reply-link.ts';
import { serveRequests } from '../stand-ins/amqp/src/protocol/request-link.ts';
import { Replies } from '../stand-ins/amqp/src/protocol/replies.ts';
import type {
  RheaMessageContext,
  RheaReceiver,
  RheaSender,
} from '../stand-ins/amqp/src/protocol/rhea-internals.ts';
import { Settler } from '../stand-ins/amqp/src/protocol/settler.ts';
import { parseBatch } from '../stand-ins/amqp/src/protocol/wire/parse-batch.ts';

export interface TakenEvent extends AmqpMessage {
  readonly partition: string;
  readonly line: string;
  readonly subject?: string;
  readonly content_type?: string;
}

const none: LinkHandler = { closed: () => undefined };

export class ScriptedEventHubs implements AsyncDisposable {
  readonly maxMessageBytes = 262_144;
  /** Partitions of each hub. One that is not named does not exist. */
  readonly partitions: Map<string, number>;
  /** Asked for every batch: what it is refused with. */
  refusal: (partition: string) => Refusal | undefined = () => undefined;
  /** The next so many batches are taken, and nobody is told. */
  lostReplies = 0;
  /** Events of each batch that was taken, by partition. */
  readonly batches: { readonly partition: string; readonly events: number }[] = [];
  readonly #taken = new Map<string, TakenEvent[]>();
  readonly #replies = new Replies();
  #held: Promise<void> | undefined;
  #server: AmqpServer | undefined;

  private constructor(partitions: Readonly<Record<string, number>>) {
    this.partitions = new Map(Object.entries(partitions));
  }

  static async start(
    partitions: Readonly<Record<string, number>>,
    onError: (error: unknown) => void,
  ): Promise<ScriptedEventHubs> {
    const hubs = new ScriptedEventHubs(partitions);
    const routes = {
      clientSends: (link: RheaReceiver) => hubs.#clientSends(link),
      clientReceives: (link: RheaSender) => hubs.#clientReceives(link),
    };
    hubs.#server = await listenAmqp({ port: 0, routes, onConnection: () => undefined, onError });
    return hubs;
  }

  get server(): AmqpServer {
    if (this.#server === undefined) throw new Error('the hubs were not started');
    return this.#server;
  }

  get connectionString(): string {
    const key = 'SharedAccessKeyName=any;SharedAccessKey=any;UseDevelopmentEmulator=true';
    return `Endpoint=sb://localhost:${this.server.port};${key}`;
  }

  /** What a hub took, in that order. */
  taken(hub: string): readonly TakenEvent[] {
    return this.#taken.get(hub) ?? [];
  }

  /** From now on nothing is taken, until the function is called that this returns. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return () => {
      this.#held = undefined;
      resolve();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }

  #clientReceives(link: RheaSender): LinkHandler {
    return serveReplies(link, link.source?.address ?? '', this.#replies);
  }

  #clientSends(link: RheaReceiver): LinkHandler | undefined {
    const address = link.target?.address ?? '';
    if (address === '$cbs') return serveCbs(link, this.#replies);
    if (address === '$management') return this.#manage(link);
    const [hub = '', partition = ''] = address.split('/Partitions/');
    if (!this.partitions.has(hub)) return refuseLink(link, entityNotFound(hub));
    link.local.attach.max_message_size = this.maxMessageBytes;
    const settler = new Settler(link.session, 'receiver');
    link.on('message', (transfer: RheaMessageContext) => {
      void Promise.resolve(this.#held).then(() => this.#take(transfer, settler, hub, partition));
    });
    return none;
  }

  #take({ message, delivery }: RheaMessageContext, settler: Settler, hub: string, partition: string): void {
    if (!delivery.link.is_open()) return;
    const size = message.length > this.maxMessageBytes;
    const refusal = size ? messageTooLarge(message.length, this.maxMessageBytes) : this.refusal(partition);
    if (refusal !== undefined) {
      settler.reject(delivery, refusal);
      return;
    }
    const events = parseBatch(message).map((bytes): TakenEvent => {
      const decoded = decodeMessage(bytes);
      const { content } = decoded.body as { content: Buffer };
      return { ...decoded, partition, line: content.toString() };
    });
    this.#taken.set(hub, [...this.taken(hub), ...events]);
    this.batches.push({ partition, events: events.length });
    this.lostReplies -= 1;
    if (this.lostReplies < 0) settler.accept(delivery);
  }

  /** Answers what a client asks of a hub: its partitions. */
  #manage(link: RheaReceiver): LinkHandler {
    return serveRequests(link, '$management', this.#replies, (request) =>
      this.#describe(String(request.application_properties?.['name'])),
    );
  }

  #describe(hub: string): AmqpMessage {
    const count = this.partitions.get(hub);
    if (count === undefined) {
      const { condition, description } = entityNotFound(hub);
      const answer = { 'status-code': 404, 'status-description': description, 'error-condition': condition };
      return { application_properties: answer };
    }
    const partitionIds = Array.from({ length: count }, (_, i) => String(i));
    return {
      application_properties: { 'status-code': 200, 'status-description': 'OK' },
      body: { name: hub, created_at: new Date(0), partition_ids: partitionIds, georeplication_factor: 1 },
    };
  }
}

/** The next so many batches are refused for a transient reason, those of one partition if it is given. */
export function busy(hubs: ScriptedEventHubs, times: number, only?: string): void {
  let left = times;
  hubs.refusal = (partition) => {
    if (left === 0 || (only !== undefined && partition !== only)) return undefined;
    left -= 1;
    return serverBusy();
  };
}

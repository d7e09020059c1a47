import type { BrokerClock } from '../../protocol/broker-clock.ts';
import { Deadlines } from './deadlines.ts';
import { parseEntityPath, type EntityPath } from './entity-path.ts';
import {
  queueSettings,
  sendSettings,
  type Entities,
  type NamespaceDeclaration,
  type TopicDeclaration,
} from './entity-settings.ts';
import { MessageQueue } from './message-queue.ts';
import { defaultQueueSettings, defaultSendSettings, type QueueSettings } from './queue-settings.ts';
import { parseEntities } from './parse-entities.ts';
import { entityNotFound, notAllowed } from '../../protocol/refusal.ts';
import { QueueEntity, TopicEntity, type SendTarget } from './send-target.ts';

export interface NamespaceOptions {
  readonly clock: BrokerClock;
  readonly newToken: () => string;
  /** When given, nothing else exists. */
  readonly entities?: Entities | undefined;
  /** Of entities that come into being by being used. */
  readonly maxMessageBytes?: number | undefined;
}

/** The subscription that a topic gets when it comes into being by being used. */
const firstSubscription = 'dstream';

/** All entities of the broker, and the one place that decides which exist. */
export class Namespace {
  readonly deadlines: Deadlines;
  readonly #options: NamespaceOptions;
  readonly #declared: boolean;
  readonly #entities = new Map<string, QueueEntity | TopicEntity>();

  constructor(options: NamespaceOptions) {
    this.#options = options;
    this.deadlines = new Deadlines(options.clock);
    this.#declared = options.entities !== undefined;
    for (const namespace of declaredNamespaces(options.entities)) {
      for (const queue of namespace.Queues ?? []) {
        this.#addQueue(queue.Name, queueSettings(queue.Properties), sendSettings(queue.Properties));
      }
      for (const topic of namespace.Topics ?? []) this.#declareTopic(topic);
    }
  }

  get entities(): readonly (QueueEntity | TopicEntity)[] {
    return [...this.#entities.values()];
  }

  /** Every queue, subscription and dead-letter queue. */
  queues(): MessageQueue[] {
    const live = this.entities.flatMap((entity) =>
      entity instanceof QueueEntity ? [entity.queue] : [...entity.subscriptions.values()],
    );
    return live.flatMap((queue) => (queue.deadLetters === undefined ? [queue] : [queue, queue.deadLetters]));
  }

  /** Where messages sent to that address go. Throws not-found, or not-allowed for what only gives messages. */
  sendTarget(address: string): SendTarget {
    const path = parseEntityPath(address);
    if (path.subscription !== undefined || path.deadLetter) {
      throw notAllowed(`Messages cannot be sent to '${address}'.`);
    }
    const entity = this.#find(path.entity);
    if (entity !== undefined) return entity;
    if (this.#declared) throw entityNotFound(path.entity);
    return this.#addTopicInUse(path.entity);
  }

  /** Where messages of that address come from. An entity that does not exist yet has sessions if they are asked for. */
  receiveSource(address: string, wantsSession: boolean): MessageQueue {
    const path = parseEntityPath(address);
    const queue =
      path.subscription === undefined
        ? this.#queue(path, wantsSession)
        : this.#subscription(path, wantsSession);
    if (!path.deadLetter) return queue;
    if (queue.deadLetters === undefined) throw entityNotFound(address);
    return queue.deadLetters;
  }

  /** What the address of a management link names, without making anything. Undefined when it does not exist yet. */
  existing(address: string): SendTarget | undefined {
    const path = parseEntityPath(address);
    const entity = this.#find(path.entity);
    if (entity === undefined && this.#declared) throw entityNotFound(path.entity);
    return entity;
  }

  /** The queue, subscription or dead-letter queue of that address; unlike `receiveSource` it makes nothing. */
  known(address: string): MessageQueue {
    const wanted = address.toLowerCase();
    const queue = this.queues().find(({ path }) => path.toLowerCase() === wanted);
    if (queue === undefined) throw entityNotFound(address);
    return queue;
  }

  close(): void {
    this.deadlines.close();
  }

  #queue(path: EntityPath, wantsSession: boolean): MessageQueue {
    const entity = this.#find(path.entity);
    if (entity instanceof QueueEntity) return entity.queue;
    if (entity !== undefined) {
      throw notAllowed(`'${path.entity}' is a topic: receive from one of its subscriptions.`);
    }
    if (this.#declared) throw entityNotFound(path.entity);
    const settings = { ...defaultQueueSettings, requiresSession: wantsSession && !path.deadLetter };
    return this.#addQueue(path.entity, settings, this.#sendSettingsInUse()).queue;
  }

  #subscription(path: EntityPath, wantsSession: boolean): MessageQueue {
    const name = path.subscription ?? '';
    const topic = this.#find(path.entity) ?? this.#topicInUse(path.entity);
    const found = topic instanceof TopicEntity ? topic.subscriptions.get(name.toLowerCase()) : undefined;
    if (found !== undefined) return found;
    if (this.#declared || !(topic instanceof TopicEntity)) {
      throw entityNotFound(`${path.entity}/Subscriptions/${name}`);
    }
    return this.#addSubscription(topic, name, { ...defaultQueueSettings, requiresSession: wantsSession });
  }

  #topicInUse(name: string): TopicEntity {
    if (this.#declared) throw entityNotFound(name);
    return this.#addTopicInUse(name);
  }

  #addTopicInUse(name: string): TopicEntity {
    const topic = this.#addTopic(name, this.#sendSettingsInUse());
    this.#addSubscription(topic, firstSubscription, { ...defaultQueueSettings, requiresSession: true });
    return topic;
  }

  #sendSettingsInUse() {
    const maxMessageBytes = this.#options.maxMessageBytes ?? defaultSendSettings.maxMessageBytes;
    return { ...defaultSendSettings, maxMessageBytes };
  }

  #declareTopic(declared: TopicDeclaration): void {
    const topic = this.#addTopic(declared.Name, sendSettings(declared.Properties));
    for (const subscription of declared.Subscriptions ?? []) {
      this.#addSubscription(topic, subscription.Name, queueSettings(subscription.Properties));
    }
  }

  #addTopic(name: string, settings: SendTarget['settings']): TopicEntity {
    const topic = new TopicEntity({ name, settings, nowMs: this.#nowMs, deadlines: this.deadlines });
    this.#entities.set(name.toLowerCase(), topic);
    return topic;
  }

  #addQueue(name: string, settings: QueueSettings, send: SendTarget['settings']): QueueEntity {
    const options = { name, settings: send, nowMs: this.#nowMs, deadlines: this.deadlines };
    const entity = new QueueEntity(options, this.#newQueue(name, settings));
    this.#entities.set(name.toLowerCase(), entity);
    return entity;
  }

  #addSubscription(topic: TopicEntity, name: string, settings: QueueSettings): MessageQueue {
    const queue = this.#newQueue(`${topic.name}/Subscriptions/${name}`, settings);
    topic.subscriptions.set(name.toLowerCase(), queue);
    return queue;
  }

  /** Dead letters neither expire nor come by session, and are not given up (Dead-letter queues). */
  #newQueue(path: string, settings: QueueSettings): MessageQueue {
    const { newToken } = this.#options;
    const common = { nowMs: this.#nowMs, deadlines: this.deadlines, newToken };
    const deadSettings = { ...settings, requiresSession: false, defaultTtlMs: Infinity };
    const deadPath = `${path}/$DeadLetterQueue`;
    const deadLetters = new MessageQueue({
      ...common,
      path: deadPath,
      settings: deadSettings,
      deadLetters: undefined,
    });
    return new MessageQueue({ ...common, path, settings, deadLetters });
  }

  readonly #nowMs = (): number => this.#options.clock.nowMs();

  #find(name: string): QueueEntity | TopicEntity | undefined {
    return this.#entities.get(name.toLowerCase());
  }
}

function declaredNamespaces(entities: Entities | undefined): readonly NamespaceDeclaration[] {
  return entities === undefined ? [] : parseEntities(entities).UserConfig.Namespaces;
}

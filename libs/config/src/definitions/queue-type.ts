/** A kind of queue between ingester and processor, as the configuration sees it: what sends to it, and what receives. */
import type {
  AdapterServices,
  DeadLetterQueue,
  Subscription,
  SubscriptionServices,
  Topic,
  TopicServices,
} from '@dstream/core';
import type { Findings } from '../schema/problems.ts';
import type { Reading, Keys } from '../schema/schema.ts';
import type { Place } from '../text/hcl-document.ts';
import {
  blockType,
  checkable,
  notOpenable,
  type BlockType,
  type Checkable,
  type CheckedDefinition,
  type Definition,
} from './block-type.ts';

/** The topic of a file, ready to be opened. */
export interface OpenableTopic extends Checkable<TopicServices> {
  /** For people: what is secret in it shows itself as `[secret]`. */
  readonly settings: object;
  /** Empty where it is not known. */
  readonly name: string;
  /** Called once for every life of the ingester. Connects nothing. */
  open(services: TopicServices): Promise<Topic>;
}

/** The subscription of a file, ready to be opened. */
export interface OpenableSubscription extends Checkable<SubscriptionServices> {
  /** For people: what is secret in it shows itself as `[secret]`. */
  readonly settings: object;
  readonly name: SubscriptionName;
  /** Called once for every life of the processor. Connects nothing. */
  open(services: SubscriptionServices): Promise<Subscription>;
  /** Opens its dead-letter queue, for an operator's command. Connects nothing. Absent where the queue has none. */
  readonly openDeadLetters?: (services: AdapterServices) => Promise<DeadLetterQueue>;
}

/** How a subscription is called in logs and plans. */
export interface SubscriptionName {
  readonly topic: string;
  readonly subscription: string;
}

/** The topic of the ingester of the same file, where it is of the same kind of queue. */
export interface FileTopic {
  /**
   * For a subscription whose own key, at `place`, names no topic. Undefined when it is not known: then a problem or a note
   * says why.
   * @param otherwise the topic where the file has no such ingester
   */
  nameFor(place: Place, otherwise: string): string | undefined;
}

/** The sending side of a registered queue. */
export interface TopicType<K extends Keys = Keys> extends BlockType<K> {
  read(reading: Reading<K>, findings: Findings): OpenableTopic;
}

/** The receiving side of a registered queue. */
export interface SubscriptionType<K extends Keys = Keys> extends BlockType<K> {
  read(reading: Reading<K>, findings: Findings, topicOfFile: FileTopic): OpenableSubscription;
}

/** A registered type of queue. Made by `defineQueue`. */
export interface QueueType {
  readonly type: string;
  readonly topic: TopicType;
  readonly subscription: SubscriptionType;
}

/** The types that a process knows, at least one. The first is that of a `topic` or a `source` without `type`. */
export type QueueTypes = readonly [QueueType, ...QueueType[]];

/** The sending side of what `defineQueue` takes. `K` are its keys, `S` the settings of its class. */
export interface TopicDefinition<K extends Keys, S extends object>
  extends
    Definition<K, 'type' | 'pack' | 'pack_max_bytes' | 'pack_max_changes'>,
    CheckedDefinition<S, TopicServices> {
  /** See `SourceDefinition.settings`. */
  readonly settings: (reading: Reading<K>, findings: Findings) => S;
  /** For logs and plans, and for the subscription of the same file. Empty where the settings are blank. */
  readonly name: (settings: S) => string;
  /** See `SourceDefinition.open`. */
  readonly open?: (settings: S, services: TopicServices) => Promise<Topic>;
}

/** The receiving side of what `defineQueue` takes. `K` are its keys, `S` the settings of its class. */
export interface SubscriptionDefinition<K extends Keys, S extends object>
  extends
    Definition<
      K,
      'type' | 'max_sessions' | 'max_waiting_sessions' | 'max_bytes' | 'on_hole' | 'clock_tolerance'
    >,
    CheckedDefinition<S, SubscriptionServices> {
  /** See `SourceDefinition.settings`. */
  readonly settings: (reading: Reading<K>, findings: Findings, topicOfFile: FileTopic) => S;
  /** For logs and plans. */
  readonly name: (settings: S) => SubscriptionName;
  /** See `SourceDefinition.open`. */
  readonly open?: (settings: S, services: SubscriptionServices) => Promise<Subscription>;
  /** Opens its dead-letter queue: `dstream dead-letters`. Not given for a queue without one. */
  readonly deadLetters?: (settings: S, services: AdapterServices) => Promise<DeadLetterQueue>;
}

/** What `defineQueue` takes: both sides of one queue, under one type. */
export interface QueueDefinition<TK extends Keys, TS extends object, SK extends Keys, SS extends object> {
  /** As it is in a file, of both sides: `topic { type = "…" }`, `source { type = "…" }`. */
  readonly type: string;
  /** `ingester.topic` */
  readonly topic: TopicDefinition<TK, TS>;
  /** `processor.source` */
  readonly subscription: SubscriptionDefinition<SK, SS>;
}

/** Joins the schemas and classes of both sides of a queue, so that callers do not see the types of their settings. */
export function defineQueue<
  const TK extends Keys,
  TS extends object,
  const SK extends Keys,
  SS extends object,
>({ type, topic, subscription }: QueueDefinition<TK, TS, SK, SS>): QueueType {
  return { type, topic: topicType(type, topic), subscription: subscriptionType(type, subscription) };
}

function topicType<K extends Keys, S extends object>(
  type: string,
  definition: TopicDefinition<K, S>,
): TopicType<K> {
  const { settings: settingsOf, name, open } = definition;
  const read = (reading: Reading<K>, findings: Findings): OpenableTopic => {
    const settings = settingsOf(reading, findings);
    return {
      settings,
      name: name(settings),
      ...checkable(definition, settings),
      open: open === undefined ? notOpenable('topic', type) : (services) => open(settings, services),
    };
  };
  return { ...blockType<K>(type, definition, open !== undefined), read };
}

function subscriptionType<K extends Keys, S extends object>(
  type: string,
  definition: SubscriptionDefinition<K, S>,
): SubscriptionType<K> {
  const { settings: settingsOf, name, open, deadLetters } = definition;
  const read = (reading: Reading<K>, findings: Findings, topicOfFile: FileTopic): OpenableSubscription => {
    const settings = settingsOf(reading, findings, topicOfFile);
    return {
      settings,
      name: name(settings),
      ...checkable(definition, settings),
      open: open === undefined ? notOpenable('source', type) : (services) => open(settings, services),
      ...(deadLetters !== undefined && { openDeadLetters: (services) => deadLetters(settings, services) }),
    };
  };
  return { ...blockType<K>(type, definition, open !== undefined), read };
}

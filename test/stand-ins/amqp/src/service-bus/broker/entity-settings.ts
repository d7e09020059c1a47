/** Entities as the official emulator's Config.json declares them, made into settings. */
import {
  defaultQueueSettings,
  defaultSendSettings,
  type QueueSettings,
  type SendSettings,
} from './queue-settings.ts';
import { parseDuration } from './iso-duration.ts';

/** `Properties` of a queue, topic or subscription. Durations in ISO 8601 (`PT1M`). */
export interface EntityProperties {
  readonly RequiresSession?: boolean;
  readonly LockDuration?: string;
  readonly MaxDeliveryCount?: number;
  readonly DefaultMessageTimeToLive?: string;
  readonly DeadLetteringOnMessageExpiration?: boolean;
  readonly RequiresDuplicateDetection?: boolean;
  readonly DuplicateDetectionHistoryTimeWindow?: string;
  /** Ours: bytes; 256 KB without it. */
  readonly MaxMessageSize?: number;
}

export interface SubscriptionDeclaration {
  readonly Name: string;
  readonly Properties?: EntityProperties;
  readonly Rules?: readonly unknown[];
}

export interface QueueDeclaration {
  readonly Name: string;
  readonly Properties?: EntityProperties;
}

export interface TopicDeclaration {
  readonly Name: string;
  readonly Properties?: EntityProperties;
  readonly Subscriptions?: readonly SubscriptionDeclaration[];
}

export interface NamespaceDeclaration {
  readonly Name?: string;
  readonly Queues?: readonly QueueDeclaration[];
  readonly Topics?: readonly TopicDeclaration[];
}

/** The parsed Config.json of the official emulator. */
export interface Entities {
  readonly UserConfig: { readonly Namespaces: readonly NamespaceDeclaration[] };
}

/** Ten minutes (Duplicate detection). */
const defaultDuplicateWindowMs = 600_000;

export function queueSettings(properties: EntityProperties = {}): QueueSettings {
  const base = defaultQueueSettings;
  return {
    requiresSession: properties.RequiresSession ?? base.requiresSession,
    lockDurationMs: duration(properties.LockDuration, base.lockDurationMs),
    maxDeliveryCount: properties.MaxDeliveryCount ?? base.maxDeliveryCount,
    defaultTtlMs: duration(properties.DefaultMessageTimeToLive, base.defaultTtlMs),
    deadLetterOnExpiration: properties.DeadLetteringOnMessageExpiration ?? base.deadLetterOnExpiration,
  };
}

export function sendSettings(properties: EntityProperties = {}): SendSettings {
  const window = duration(properties.DuplicateDetectionHistoryTimeWindow, defaultDuplicateWindowMs);
  return {
    maxMessageBytes: properties.MaxMessageSize ?? defaultSendSettings.maxMessageBytes,
    duplicateWindowMs: properties.RequiresDuplicateDetection === true ? window : undefined,
    defaultTtlMs: duration(properties.DefaultMessageTimeToLive, defaultSendSettings.defaultTtlMs),
  };
}

function duration(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : parseDuration(text);
}

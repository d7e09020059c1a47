/**
 * What a configuration file becomes: checked, typed, with every default filled in. Durations are milliseconds, sizes
 * are bytes. `undefined` is used only where absence has a meaning, which the docstring gives.
 *
 * Every part carries the `path` it came from, for `Configuration.where`.
 */
import type { ChangeMatch } from '@dstream/core';
import type { OpenableLeases } from '../definitions/lease-store-type.ts';
import type { Destination } from '../definitions/output-type.ts';
import type { OpenableSubscription, OpenableTopic } from '../definitions/queue-type.ts';
import type { Predicate } from '../definitions/predicate-language.ts';
import type { OpenableSource } from '../definitions/source-type.ts';
import type { OpenableTransform } from '../definitions/transform-type.ts';

/** A whole file, ready for a command. `inspect` and JSON show no secret of it. */
export interface Configuration {
  /** The file as it was named to `loadConfiguration`. */
  readonly file: string;
  /** Undefined when the command does not use the block, or (`validate` only) when the file has none. */
  readonly ingester: IngesterConfig | undefined;
  /** Undefined when the command does not use the block, or (`validate` only) when the file has none. */
  readonly processor: ProcessorConfig | undefined;
  readonly service: ServiceConfig;
  /**
   * What a person should know although it is no error: one sentence each, with file and line. Unset variables and
   * what is not built yet (`validate` only), and what is configured without effect. Holds no secret.
   */
  readonly notes: readonly string[];
  /**
   * Those of `notes` that keep a service from starting which uses the block: variables that are not set, what is not built yet.
   * Empty unless the file was only validated.
   */
  readonly unready: readonly UnreadyPart[];
  /**
   * The place of a key, for messages: `where('ingester.topic.name')` is `dstream.hcl:12: ingester.topic.name`. A key
   * that is not in the file is placed at the block that would hold it. The older name `publisher` is shown where the
   * file uses it.
   */
  where(path: string): string;
}

/** Something without which a service does not start. */
export interface UnreadyPart {
  /** Of a key or block: `ingester.topic.connection_string`. */
  readonly path: string;
  /** As it is in `notes`. */
  readonly note: string;
}

/** The block `ingester`. */
export interface IngesterConfig {
  readonly path: string;
  /** The source's name in table identities. Undefined: the source derives it from where it is. */
  readonly name: string | undefined;
  /** Where a table without a checkpoint begins. */
  readonly start: 'earliest' | 'latest';
  readonly ordering: 'table' | 'key';
  /** Number of sessions a table is spread over when ordered by key. */
  readonly keySessions: number;
  /** For who needs `ordering` and `keySessions` of a file that was only validated: throws their variables that are not set. */
  assertOrderingSet(): void;
  readonly onGap: 'stop' | 'skip' | 'snapshot';
  readonly oversize: 'claim_check' | 'stub';
  readonly lease: LeaseConfig;
  readonly checkpoint: CheckpointConfig;
  readonly source: SourceConfig;
  readonly topic: TopicConfig;
  readonly locks: LocksConfig;
}

/** The source, from `ingester.source` or from keys in `ingester` itself. */
export interface SourceConfig extends OpenableSource {
  /** `ingester.source`; `ingester` where its keys are in there. */
  readonly path: string;
  readonly type: string;
}

/** The block `ingester.lease`. */
export interface LeaseConfig {
  /** 15,000 to 60,000, whole seconds: what a blob lease accepts. */
  readonly durationMs: number;
}

/** The block `ingester.checkpoint`. */
export interface CheckpointConfig {
  /** How often the checkpoint of a table that changes is saved. */
  readonly intervalMs: number;
  /** How often the checkpoint of an idle table is saved. */
  readonly idleIntervalMs: number;
}

/** The block `ingester.topic`. */
export interface TopicConfig extends OpenableTopic {
  readonly path: string;
  readonly type: string;
  /** `auto`: what one page has for a session goes into one message, up to the limits. 1: one change a message. */
  readonly pack: 'auto' | 1;
  readonly packMaxBytes: number;
  /** 1 when `pack` is 1, so that it can be given to the packer as it is. */
  readonly packMaxChanges: number;
}

/** The block `ingester.locks`. */
export interface LocksConfig extends OpenableLeases {
  readonly path: string;
  readonly type: string;
}

/** The block `processor`, or `publisher`. */
export interface ProcessorConfig {
  readonly path: string;
  readonly source: SubscriptionConfig;
  /** In the order of the file. At least one when loaded for a command. Types that are not built yet are left out by `validate`. */
  readonly outputs: readonly OutputConfig[];
  /** In the order of the file, in which they are applied. */
  readonly transforms: readonly TransformConfig[];
  /** In the order of the file. */
  readonly routes: readonly RouteConfig[];
  /** Outputs of changes that no route matches. Undefined: all of them. */
  readonly defaultOutputs: readonly string[] | undefined;
}

/** One transform, by `type`. */
export interface TransformConfig extends Pick<OpenableTransform, 'settings' | 'open' | 'checks'> {
  readonly path: string;
  /** The label. Unique in the file. */
  readonly name: string;
  readonly type: string;
  /** It is not given other changes. */
  readonly match: ChangeMatch;
  /** What becomes of a change on which it fails. */
  readonly onError: 'dead_letter' | 'drop' | 'pass';
}

/** The block `processor.route`. */
export interface RouteConfig {
  readonly path: string;
  /** The label. Unique in the file. */
  readonly name: string;
  readonly match: ChangeMatch;
  /** Undefined: every change that matches. */
  readonly when: { readonly text: string; open(): Promise<Predicate> } | undefined;
  /** Names of outputs. Empty: what matches is dropped, unless another route sends it somewhere. */
  readonly outputs: readonly string[];
}

/** The block `processor.source`. */
export interface SubscriptionConfig extends OpenableSubscription {
  readonly path: string;
  readonly type: string;
  /** Sessions held side by side, at most. */
  readonly maxSessions: number;
  /** Sessions that wait for an output, held besides, at most. */
  readonly maxWaitingSessions: number;
  /** What messages take in memory that were received and are not settled, of all sessions. */
  readonly maxBytes: number;
  /** What becomes of messages that were accepted and never came. */
  readonly onHole: 'log' | 'gap' | 'ignore';
  /** How long a session is held whose messages lie ahead of the clock, at most. */
  readonly clockToleranceMs: number;
}

/** One output, by `type`. */
export interface OutputConfig extends Destination {
  readonly path: string;
  /** The label, else the type. Unique in the file. */
  readonly name: string;
  readonly type: string;
  /** False: messages do not wait for it, and what its buffer cannot hold is dropped and counted. */
  readonly required: boolean;
  /** What may wait for an output that is not required, at most. */
  readonly bufferBytes: number;
  /** Calls to it at a time, at most. Undefined: as many as there are sessions. */
  readonly maxInFlight: number | undefined;
  /** Longest time of one call. Undefined: as the type has it. */
  readonly timeoutMs: number | undefined;
  /** First and longest wait after a failed attempt. */
  readonly retry: { readonly firstMs: number; readonly maxMs: number };
  /** The form in which it writes changes: `dstream` as they arrived. Its publisher does that by itself. */
  readonly envelope: string;
}

/** Where health, status and metrics are served. */
export interface HttpAddress {
  /** A name or an address; an IPv6 address without its brackets. `::` is every address, of both families. */
  readonly host: string;
  readonly port: number;
}

/** From the most to the least verbose. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The block `service`, with its defaults where the file has none. */
export interface ServiceConfig {
  readonly path: string;
  /** From DSTREAM_LOG_LEVEL, else the file, else info. */
  readonly logLevel: LogLevel;
  /** Where health, status and metrics are served. Undefined: turned off. Port 0: any free one. */
  readonly http: HttpAddress | undefined;
  /** True when the file names the address: then a busy port is an error, a busy default port is replaced. */
  readonly httpConfigured: boolean;
  /** What clients of everything but health checks must send. Undefined: none was given. Secret. */
  readonly token: string | undefined;
  /** Metrics are for everyone who reaches the address. */
  readonly metricsAnonymous: boolean;
  readonly shutdownTimeoutMs: number;
}

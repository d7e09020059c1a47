/**
 * What the server side uses of rhea 3.0.5 beyond its published types. Each line was read in rhea/lib; an update of
 * rhea must be checked against this file.
 */
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';

export interface AmqpError {
  readonly condition: string;
  readonly description: string;
  /** Some clients read all three fields of an error. */
  readonly info: Readonly<Record<string, unknown>>;
}

export interface RheaSource {
  readonly address?: string;
  readonly filter?: Readonly<Record<string, unknown>> | null;
}

/** A source or target as the peer sent it: `described()` encodes it again. */
export type RheaTerminus = { described(): unknown } | null | undefined;

/** An outcome as the peer sent it. */
export interface RheaOutcome {
  readonly error?: {
    readonly condition?: string;
    readonly description?: string;
    readonly info?: Readonly<Record<string, unknown>> | null;
  } | null;
  readonly undeliverable_here?: boolean | null;
  readonly delivery_failed?: boolean | null;
  readonly message_annotations?: Readonly<Record<string, unknown>> | null;
}

export interface RheaDelivery {
  readonly id: number;
  readonly tag: Buffer;
  readonly link: RheaLink;
  readonly remote_state?: RheaOutcome;
  settled: boolean;
  remote_settled: boolean;
}

export interface RheaConnection extends EventEmitter {
  readonly socket: Duplex | undefined;
  /** Sessions by the client's channel. */
  readonly remote_channel_map: Readonly<Record<number, RheaSession | undefined>>;
  on_detach(frame: { readonly channel: number }): void;
  readonly amqp_transport: { encode(frame: RheaFrame): void };
  accept(socket: Duplex): void;
  close(error?: AmqpError): void;
  _register(): void;
  /** Stops the timers of the connection. */
  _disconnected(): void;
}

export interface RheaSession extends EventEmitter {
  readonly connection: RheaConnection;
  readonly outgoing: {
    /** Id of the next delivery to be queued, and of the next to be written. */
    readonly next_delivery_id: number;
    readonly next_pending_delivery: number;
    /** Free places in the ring of unsettled deliveries. */
    available(): number;
  };
  on_transfer(frame: RheaTransferFrame): void;
  output(frame: unknown): void;
}

/** A frame to be written. `value` holds the fields of its performative in order. */
export interface RheaFrame {
  readonly performative?: { readonly value: unknown[]; readonly constructor: unknown } | undefined;
}

export interface RheaTransferFrame {
  readonly performative: { message_format: number | null | undefined };
}

export interface RheaLink extends EventEmitter {
  readonly name: string;
  readonly session: RheaSession;
  readonly connection: RheaConnection;
  readonly source: RheaSource | null | undefined;
  readonly target: { readonly address?: string } | null | undefined;
  readonly snd_settle_mode: number | undefined;
  readonly rcv_settle_mode: number | undefined;
  /** Of the peer's attach. */
  readonly properties: Readonly<Record<string, unknown>> | null | undefined;
  /** Of the peer's attach: one symbol or several. */
  readonly desired_capabilities: unknown;
  readonly state: { local_open: boolean; open_requests: number };
  readonly local: {
    readonly attach: {
      source: unknown;
      target: unknown;
      snd_settle_mode: number;
      rcv_settle_mode: number;
      max_message_size: number;
      properties: Readonly<Record<string, unknown>>;
    };
  };
  /** Of the peer's attach, decoded. */
  readonly remote: { readonly attach: { readonly source: RheaTerminus; readonly target: RheaTerminus } };
  set_source(fields: RheaSource): void;
  open(): void;
  close(error?: AmqpError): void;
  is_open(): boolean;
  is_remote_open(): boolean;
}

/** The link on which the server sends: the client's receiver. */
export interface RheaSender extends RheaLink {
  credit: number;
  delivery_count: number;
  _draining: boolean;
  _drained: boolean;
  _get_drain(): boolean;
  set_drained(drained: boolean): void;
  send(message: unknown, tag?: Buffer, format?: number): RheaDelivery;
}

/** The link on which the server receives: the client's sender. */
export interface RheaReceiver extends RheaLink {
  add_credit(credit: number): void;
}

export interface RheaMessageContext {
  /** Bytes, because every transfer is marked raw (see raw-transfers.ts). */
  readonly message: Buffer;
  readonly delivery: RheaDelivery;
  readonly format: number;
}

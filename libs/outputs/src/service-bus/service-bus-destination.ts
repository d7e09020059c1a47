import {
  asDStreamError,
  BatchError,
  type CallOptions,
  type DStreamError,
  type Hash,
  type PackLimits,
} from '@dstream/core';
import type { ServiceBusTopic } from '@dstream/service-bus';
import { notAccepted, type Destination, type Entry, type NotAccepted } from '../destinations/destination.ts';
import { parcelsOf, type ServiceBusParcel } from './service-bus-message.ts';

/** What sends: the adapter of the ingester's topic. */
export type SendingTopic = Pick<ServiceBusTopic, 'connect' | 'send'> & AsyncDisposable;

export interface ServiceBusDestinationOptions {
  readonly topic: SendingTopic;
  readonly limits: PackLimits;
  readonly hash: Hash;
}

/** One topic or queue. Sessions go side by side; within one a batch is sent after the last one was accepted. */
export class ServiceBusDestination implements Destination {
  readonly #options: ServiceBusDestinationOptions;

  constructor(options: ServiceBusDestinationOptions) {
    this.#options = options;
  }

  connect(o: CallOptions): Promise<void> {
    return this.#options.topic.connect(o);
  }

  /** A packed message that is too large is taken apart: only the change that is too large alone is not accepted. */
  async send(entries: readonly Entry[], o: CallOptions): Promise<readonly NotAccepted[]> {
    const { limits, hash } = this.#options;
    const refused: NotAccepted[] = [];
    let parcels: readonly ServiceBusParcel[] = parcelsOf(entries, limits, hash);
    while (parcels.length > 0) {
      const failures = await this.#trySend(parcels, o);
      const apart: ServiceBusParcel[] = [];
      for (const { parcels: rest, error } of failures) {
        const [first, ...others] = rest;
        if (first !== undefined && error.code === 'MessageTooLarge' && first.entries.length > 1) {
          apart.push(...parcelsOf(first.entries, { ...limits, maxChanges: 1 }, hash), ...others);
        } else refused.push(...notAccepted(entriesOf(rest), error));
      }
      parcels = apart;
    }
    return refused;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#options.topic[Symbol.asyncDispose]());
  }

  async #trySend(parcels: readonly ServiceBusParcel[], o: CallOptions): Promise<readonly Failed[]> {
    try {
      await this.#options.topic.send(
        parcels.map(({ message }) => message),
        o,
      );
      return [];
    } catch (caught) {
      const error = asDStreamError(caught);
      if (!(error instanceof BatchError)) return [{ parcels, error }];
      return error.failures.map((failure) => ({
        parcels: parcels.filter((one, n) => n >= failure.from && one.message.sessionId === failure.key),
        error: failure.error,
      }));
    }
  }
}

/** The messages of one session that were not accepted. */
interface Failed {
  readonly parcels: readonly ServiceBusParcel[];
  readonly error: DStreamError;
}

function entriesOf(parcels: readonly ServiceBusParcel[]): readonly Entry[] {
  return parcels.flatMap(({ entries }) => entries);
}

import type { AmqpMessage } from './amqp-codec.ts';
import type { BrokerClock } from './broker-clock.ts';
import type { RheaConnection } from './rhea-internals.ts';
import { faultOfToken, type SharedAccessKey } from './shared-access-key.ts';

/** Type of a token of Entra ID (TokenType of @azure/core-amqp). */
const entraToken = 'jwt';

/**
 * Which connections have shown a good token. A token of a shared access key is checked, for the whole namespace; one of
 * Entra ID is taken as it is, because there is nobody to ask.
 */
export class TokenGate {
  readonly #key: SharedAccessKey;
  readonly #clock: BrokerClock;
  readonly #admitted = new WeakSet<RheaConnection>();

  constructor(key: SharedAccessKey, clock: BrokerClock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** What is wrong with the token of a put-token request; undefined when the connection is admitted. */
  admit(connection: RheaConnection, request: AmqpMessage): string | undefined {
    const type = request.application_properties?.['type'];
    const fault = type === entraToken ? undefined : faultOfToken(request.body, this.#key, this.#clock);
    if (fault === undefined) this.#admitted.add(connection);
    return fault;
  }

  isAdmitted(connection: RheaConnection): boolean {
    return this.#admitted.has(connection);
  }
}

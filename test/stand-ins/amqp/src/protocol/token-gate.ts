import type { AmqpMessage } from './amqp-codec.ts';
import type { BrokerClock } from './broker-clock.ts';
import type { RheaConnection } from './rhea-internals.ts';
import { faultOfToken, isSharedAccessToken, type SharedAccessKey } from './shared-access-key.ts';

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
    const token = request.body;
    // A client may say `jwt` of any token: what it is shows in its text.
    const isEntra = type === entraToken && !isSharedAccessToken(token);
    const fault = isEntra ? undefined : faultOfToken(token, this.#key, this.#clock);
    if (fault === undefined) this.#admitted.add(connection);
    return fault;
  }

  /** What is wrong with a token that a request brings itself, whose kind nobody names. */
  faultOf(token: unknown): string | undefined {
    const isEntra = typeof token === 'string' && token !== '' && !isSharedAccessToken(token);
    return isEntra ? undefined : faultOfToken(token, this.#key, this.#clock);
  }

  isAdmitted(connection: RheaConnection): boolean {
    return this.#admitted.has(connection);
  }
}

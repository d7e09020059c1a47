/** A client of AMQP without the habits of a vendor's library: it sends what a test says, and hands over bytes. */
import { createHmac } from 'node:crypto';
import { once, type EventEmitter } from 'node:events';
import rhea, { type Connection, type Message, type Receiver, type Sender, type Session } from 'rhea';
import { keepTransfersRaw } from '../stand-ins/amqp/src/protocol/raw-transfers.ts';
import type { RheaSession } from '../stand-ins/amqp/src/protocol/rhea-internals.ts';
import { standInKey } from '../stand-ins/amqp/src/protocol/shared-access-key.ts';
import { elementsOf, sectionsOf, textOf } from '../stand-ins/amqp/src/protocol/wire/scan.ts';

export class AmqpClient implements AsyncDisposable {
  readonly #connection: Connection;
  readonly session: Session;

  private constructor(connection: Connection) {
    this.#connection = connection;
    this.session = connection.create_session();
    keepTransfersRaw(this.session as unknown as RheaSession);
    this.session.begin();
  }

  static async connect(port: number): Promise<AmqpClient> {
    const options = { host: '127.0.0.1', port, username: 'anonymous', reconnect: false };
    const connection = rhea.create_container().connect(options);
    // A link that is refused is looked at where it was asked for.
    for (const name of ['sender_error', 'receiver_error']) connection.on(name, () => undefined);
    await once(connection, 'connection_open');
    return new AmqpClient(connection);
  }

  /** Resolves when the server has answered the attach. */
  async sender(options: object): Promise<Sender> {
    const sender = this.session.open_sender({ autosettle: false, ...options });
    await once(sender as unknown as EventEmitter, 'sender_open');
    return sender;
  }

  async receiver(options: object): Promise<Receiver> {
    const receiver = this.session.open_receiver({ autosettle: false, autoaccept: false, ...options });
    await once(receiver as unknown as EventEmitter, 'receiver_open');
    return receiver;
  }

  /** Sends to a node and resolves with the bytes of the answer; which link it comes by is not said. */
  async ask(node: string, request: Partial<Message>): Promise<Buffer> {
    const receiver = await this.receiver({ source: { address: node }, target: { address: 'answers' } });
    const sender = await this.sender({ target: { address: node }, source: { address: 'requests' } });
    const answered = once(receiver as unknown as EventEmitter, 'message');
    sender.send({ body: null, message_id: 'request', ...request });
    const [{ message }] = (await answered) as [{ message: Buffer }];
    return message;
  }

  /** Shows a token of the stand-in's key, or of another one; resolves with the bytes of the answer. */
  putToken(type = 'servicebus.windows.net:sastoken', key = standInKey.key): Promise<Buffer> {
    const properties = { operation: 'put-token', type, name: 'amqp://localhost/any' };
    return this.ask('$cbs', { application_properties: properties, body: token(key) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#connection, 'connection_close');
    this.#connection.close();
    await closed;
  }
}

export function token(key = standInKey.key): string {
  const [resource, expiry] = [encodeURIComponent('sb://localhost/'), Math.ceil(Date.now() / 1000) + 3600];
  const signature = createHmac('sha256', key).update(`${resource}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${standInKey.name}`;
}

/** The encoded values of a map in a message: of its application properties, or of its body. */
export function encodedFields(
  message: Buffer,
  section: 'properties' | 'body',
): Readonly<Record<string, Buffer>> {
  const code = section === 'properties' ? 0x74 : 0x77;
  const found = sectionsOf(message).find((one) => one.code === code);
  const elements = found === undefined ? [] : elementsOf(message, found.value);
  const keys = elements.filter((_, i) => i % 2 === 0).map((key) => textOf(key) ?? '');
  return Object.fromEntries(keys.map((key, i) => [key, elements[2 * i + 1] ?? Buffer.alloc(0)]));
}

/** rhea's codec under names of ours, typed. */
import rhea from 'rhea';
import type { AmqpError } from './rhea-internals.ts';

/** Parts of rhea that its types leave out. */
interface Untyped {
  readonly message: {
    accepted(): { described(): unknown };
    rejected(fields: { readonly error: AmqpError }): { described(): unknown };
  };
  readonly types: { Writer: new () => { write(value: unknown): void; toBuffer(): Buffer } };
}

const untyped = rhea as unknown as Untyped;

/** A decoded message, as far as requests and responses need it. */
export interface AmqpMessage {
  readonly message_id?: unknown;
  readonly correlation_id?: unknown;
  readonly reply_to?: string;
  readonly application_properties?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

export const decodeMessage = (bytes: Buffer): AmqpMessage => rhea.message.decode(bytes) as AmqpMessage;

/** A whole encoded value, with its constructor, as the client library would write it. */
export function encodeValue(value: unknown): Buffer {
  const writer = new untyped.types.Writer();
  writer.write(rhea.types.wrap(value));
  return writer.toBuffer();
}

const long = 0x81;
const timestamp = 0x83;

export const arrayOfLongs = (values: readonly number[]): unknown =>
  rhea.types.wrap_array([...values], long, undefined);

export const arrayOfTimestamps = (values: readonly number[]): unknown =>
  rhea.types.wrap_array([...values], timestamp, undefined);

export const uuid = (bytes: Buffer): unknown => rhea.types.wrap_uuid(bytes);

/** A long from its eight bytes: for numbers that a double cannot hold. */
export const longOfBytes = (bytes: Buffer): unknown => rhea.types.wrap_long(bytes);

export const accepted: unknown = untyped.message.accepted().described();

export const rejected = (error: AmqpError): unknown => untyped.message.rejected({ error }).described();

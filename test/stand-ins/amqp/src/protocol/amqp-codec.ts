/** rhea's codec under names of ours, typed. */
import rhea from 'rhea';
import type { AmqpError } from './rhea-internals.ts';

/** Parts of rhea that its types leave out. */
interface Untyped {
  readonly message: Record<Outcome, (fields?: object) => { described(): unknown }>;
  readonly types: {
    Writer: new () => { write(value: unknown): void; toBuffer(): Buffer };
    by_code: Record<number, { read(buffer: Buffer, offset: number): unknown }>;
  };
}

/** What can become of a delivery (AMQP 1.0, part 3.4). */
export type Outcome = 'accepted' | 'rejected' | 'released' | 'modified';

const untyped = rhea as unknown as Untyped;

// rhea reads a boolean of the form 0x56 as the number behind it (types.js). Some clients write no other form.
const wideBoolean = untyped.types.by_code[0x56];
if (wideBoolean !== undefined) wideBoolean.read = (buffer, offset) => buffer[offset] !== 0;

/** A decoded message, as far as requests and responses need it. */
export interface AmqpMessage {
  readonly message_id?: unknown;
  readonly correlation_id?: unknown;
  readonly reply_to?: string | null;
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
const text = 0xb1;

/** rhea types a number by its value; a client that expects an int takes no uint for it. */
export const int = (value: number): unknown => rhea.types.wrap_int(value);

export const longOf = (value: number): unknown => rhea.types.wrap_long(value);

export const arrayOfTexts = (values: readonly string[]): unknown =>
  rhea.types.wrap_array([...values], text, undefined);

export const arrayOfLongs = (values: readonly number[]): unknown =>
  rhea.types.wrap_array([...values], long, undefined);

export const arrayOfTimestamps = (values: readonly number[]): unknown =>
  rhea.types.wrap_array([...values], timestamp, undefined);

export const uuid = (bytes: Buffer): unknown => rhea.types.wrap_uuid(bytes);

/** A long from its eight bytes: for numbers that a double cannot hold. */
export const longOfBytes = (bytes: Buffer): unknown => rhea.types.wrap_long(bytes);

/** An outcome without any fields. */
export const outcomeOf = (outcome: Outcome): unknown => untyped.message[outcome]().described();

export const rejected = (error: AmqpError): unknown => untyped.message.rejected({ error }).described();

/** A described value as rhea hands it over when it does not know the descriptor. */
interface Described {
  readonly value: unknown;
  readonly descriptor: unknown;
}

const isDescribed = (value: unknown): value is Described =>
  typeof value === 'object' && value !== null && 'value' in value && 'descriptor' in value;

/** The value of a filter, which clients write with a descriptor or without. */
export const filterValue = (filter: unknown): unknown => (isDescribed(filter) ? filter.value : filter);

/** `value` with the descriptor of `like`, or without one as `like` is. */
export function describedLike(like: unknown, value: string): unknown {
  if (!isDescribed(like)) return value;
  return Object.assign(rhea.types.wrap_string(value), { descriptor: like.descriptor });
}

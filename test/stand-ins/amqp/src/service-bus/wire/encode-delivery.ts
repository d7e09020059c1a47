import {
  encodedNull,
  encodeInt,
  encodeList,
  encodeLong,
  encodeMap,
  encodeSection,
  encodeSymbol,
  encodeText,
  encodeTimestamp,
  encodeUint,
  encodeUuid,
} from '../../protocol/wire/encode.ts';
import type { EncodedMessage } from './encoded-message.ts';
import type { Payload, PropertyChanges } from './payload.ts';
import { elementsOf, skipValue, textOf } from '../../protocol/wire/scan.ts';

/** Where a message stands that is not gone. */
export type MessageState = 'active' | 'deferred' | 'scheduled';

/** What others may know of the peek-lock that holds a message. */
export interface HeldBy {
  /** 32 hex digits. */
  readonly token: string;
  /** Wall clock. */
  readonly untilMs: number;
}

/** A message and what its receiver is told of it. */
export interface DeliveredMessage {
  readonly sequence: number;
  /** The number it got where it was first sent to. */
  readonly enqueuedSequence: number;
  readonly enqueuedAtMs: number;
  /** How often it was handed out in vain: 0 at the first delivery. */
  readonly deliveryCount: number;
  readonly payload: Payload;
  readonly state: MessageState;
  /** Application properties set by settlements, over those of the payload. */
  readonly changes: PropertyChanges | undefined;
  readonly lock: HeldBy | undefined;
  readonly deadLetterSource: string | undefined;
}

/** Encodes a value as the AMQP library would: the changes of a settlement come decoded by it. */
export type EncodeValue = (value: unknown) => Buffer;

const key = {
  enqueuedTime: encodeSymbol('x-opt-enqueued-time'),
  sequenceNumber: encodeSymbol('x-opt-sequence-number'),
  enqueueSequenceNumber: encodeSymbol('x-opt-enqueue-sequence-number'),
  lockedUntil: encodeSymbol('x-opt-locked-until'),
  lockToken: encodeSymbol('x-opt-lock-token'),
  messageState: encodeSymbol('x-opt-message-state'),
  deadLetterSource: encodeSymbol('x-opt-deadletter-source'),
};

/** Values of x-opt-message-state (seen in @azure/service-bus 7.9.5). */
const stateNumber = { active: 0, deferred: 1, scheduled: 2 };

/** Largest ttl that fits the header's uint. */
const maxTtlMs = 0xffffffff;

/** The message as a receiver gets it: header and annotations of the broker, then what the sender sent, byte for byte. */
export function encodeDelivery(message: DeliveredMessage, encodeValue: EncodeValue): Buffer {
  return encode(message, [], encodeValue);
}

/** The same for a message that comes in an answer of `$management`: there is no delivery tag to carry its lock token. */
export function encodeManagedDelivery(message: DeliveredMessage, encodeValue: EncodeValue): Buffer {
  const { lock } = message;
  if (lock === undefined) return encodeDelivery(message, encodeValue);
  const token = encodeMap([key.lockToken, encodeUuid(Buffer.from(lock.token, 'hex'))]);
  return encode(message, [encodeSection(0x71, token)], encodeValue);
}

function encode(
  message: DeliveredMessage,
  deliveryAnnotations: readonly Buffer[],
  encodeValue: EncodeValue,
): Buffer {
  return Buffer.concat([
    encodeSection(0x70, header(message)),
    ...deliveryAnnotations,
    encodeSection(0x72, encodeMap(annotations(message))),
    ...bareParts(message.payload.encoded, message.changes, encodeValue),
  ]);
}

function header(message: DeliveredMessage): Buffer {
  const { durable, priority, ttlMs } = message.payload.encoded.header;
  return encodeList([
    Buffer.from([durable ? 0x41 : 0x42]),
    priority === undefined ? encodedNull : Buffer.from([0x50, priority]),
    ttlMs === undefined ? encodedNull : encodeUint(Math.min(ttlMs, maxTtlMs)),
    Buffer.from([0x42]),
    encodeUint(message.deliveryCount),
  ]);
}

function annotations(message: DeliveredMessage): Buffer[] {
  const list = [
    ...message.payload.encoded.annotations,
    key.enqueuedTime,
    encodeTimestamp(message.enqueuedAtMs),
    key.sequenceNumber,
    encodeLong(message.sequence),
    key.enqueueSequenceNumber,
    encodeLong(message.enqueuedSequence),
  ];
  if (message.lock !== undefined) list.push(key.lockedUntil, encodeTimestamp(message.lock.untilMs));
  if (message.state !== 'active') list.push(key.messageState, encodeInt(stateNumber[message.state]));
  if (message.deadLetterSource !== undefined)
    list.push(key.deadLetterSource, encodeText(message.deadLetterSource));
  return list;
}

/** The application properties with the changed keys replaced or added. Untouched values keep their encoding. */
function bareParts(
  { bare, applicationStart, applicationEnd }: EncodedMessage,
  changes: PropertyChanges | undefined,
  encodeValue: EncodeValue,
): Buffer[] {
  if (changes === undefined) return [bare];
  const section = bare.subarray(applicationStart, applicationEnd);
  const kept = section.length === 0 ? [] : keptPairs(elementsOf(section, skipValue(section, 1)), changes);
  const added = Object.entries(changes).flatMap(([name, value]) => [encodeText(name), encodeValue(value)]);
  const changed = encodeSection(0x74, encodeMap([...kept, ...added]));
  return [bare.subarray(0, applicationStart), changed, bare.subarray(applicationEnd)];
}

function keptPairs(elements: readonly Buffer[], changes: PropertyChanges): Buffer[] {
  return elements.filter((_, i) => !Object.hasOwn(changes, textOf(elements[i - (i % 2)]) ?? ''));
}

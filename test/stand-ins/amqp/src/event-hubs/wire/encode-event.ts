import {
  encodeLong,
  encodeMap,
  encodeSection,
  encodeSymbol,
  encodeText,
  encodeTimestamp,
} from '../../protocol/wire/encode.ts';
import { annotation, partsOf } from './event.ts';

/** An event of a partition, as it is kept. */
export interface StoredEvent {
  /** From 0, without gaps. */
  readonly sequence: number;
  /** Bytes of the events before it. */
  readonly offset: number;
  /** Never less than that of the event before it. */
  readonly enqueuedAtMs: number;
  readonly partitionKey: string | undefined;
  /** As it was sent: an encoded message. */
  readonly bytes: Buffer;
}

/** The newest event's. */
export interface LastEnqueued {
  readonly sequence: number;
  readonly offset: number;
  readonly atMs: number;
}

const key = {
  partitionKey: encodeSymbol(annotation.partitionKey),
  sequenceNumber: encodeSymbol(annotation.sequenceNumber),
  offset: encodeSymbol(annotation.offset),
  enqueuedTime: encodeSymbol(annotation.enqueuedTime),
};

/** Delivery annotations that tell a consumer of the partition's end (eventData.ts of @azure/event-hubs 6). */
const runtimeKey = {
  sequence: encodeSymbol('last_enqueued_sequence_number'),
  offset: encodeSymbol('last_enqueued_offset'),
  time: encodeSymbol('last_enqueued_time_utc'),
  retrieved: encodeSymbol('runtime_info_retrieval_time_utc'),
};

/** The end of the partition as seen at `retrievedAtMs`. */
export interface RuntimeMetric {
  readonly last: LastEnqueued;
  readonly retrievedAtMs: number;
}

/** The event as a consumer gets it: what the sender sent, byte for byte, with the service's annotations. */
export function encodeEvent(event: StoredEvent, metric?: RuntimeMetric): Buffer {
  const { header, annotations: kept, bare } = partsOf(event.bytes);
  const annotations = encodeSection(0x72, encodeMap([...kept, ...annotationsOf(event)]));
  if (metric === undefined) return Buffer.concat([header, annotations, bare]);
  return Buffer.concat([header, encodeSection(0x71, encodeMap(runtimeOf(metric))), annotations, bare]);
}

function annotationsOf({ partitionKey, sequence, offset, enqueuedAtMs }: StoredEvent): Buffer[] {
  const list = [
    key.sequenceNumber,
    encodeLong(sequence),
    key.offset,
    encodeText(String(offset)),
    key.enqueuedTime,
    encodeTimestamp(enqueuedAtMs),
  ];
  if (partitionKey !== undefined) list.push(key.partitionKey, encodeText(partitionKey));
  return list;
}

function runtimeOf({ last, retrievedAtMs }: RuntimeMetric): Buffer[] {
  return [
    runtimeKey.sequence,
    encodeLong(last.sequence),
    runtimeKey.offset,
    encodeText(String(last.offset)),
    runtimeKey.time,
    encodeTimestamp(last.atMs),
    runtimeKey.retrieved,
    encodeTimestamp(retrievedAtMs),
  ];
}

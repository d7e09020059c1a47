import { elementsOf, sectionsOf, textOf, type Section } from '../../protocol/wire/scan.ts';

/** The service's own annotations (Constants of @azure/core-amqp). */
export const annotation = {
  partitionKey: 'x-opt-partition-key',
  sequenceNumber: 'x-opt-sequence-number',
  offset: 'x-opt-offset',
  enqueuedTime: 'x-opt-enqueued-time',
} as const;

/** Set by the service, whatever a sender says: one that forwards a received event sends them along. */
const servicesOwn: ReadonlySet<string> = new Set(Object.values(annotation));

const code = { header: 0x70, annotations: 0x72, properties: 0x73 };
const none: readonly Buffer[] = [];
const empty = Buffer.alloc(0);

/** An event as it came, cut where the service adds something. Slices of the bytes that were sent: nothing is copied. */
export interface EventParts {
  /** The header section, empty without one. */
  readonly header: Buffer;
  /** Encoded keys and values of the sender's message annotations, in turn, without those that the service sets. */
  readonly annotations: readonly Buffer[];
  /** Properties, application properties, body and footer. */
  readonly bare: Buffer;
}

/** Of the bytes of an event. Throws a WireError when they are no message. */
export function partsOf(bytes: Buffer): EventParts {
  const sections = sectionsOf(bytes);
  const find = (wanted: number): Section | undefined => sections.find((section) => section.code === wanted);
  const [header, annotations] = [find(code.header), find(code.annotations)];
  const bare = sections.find((section) => section.code >= code.properties);
  return {
    header: header === undefined ? empty : bytes.subarray(header.start, header.end),
    annotations: annotations === undefined ? none : kept(elementsOf(bytes, annotations.value)),
    bare: bare === undefined ? empty : bytes.subarray(bare.start),
  };
}

function kept(elements: readonly Buffer[]): readonly Buffer[] {
  if (elements.length === 0) return none;
  return elements.filter((_, i) => !servicesOwn.has(textOf(elements[i - (i % 2)]) ?? ''));
}

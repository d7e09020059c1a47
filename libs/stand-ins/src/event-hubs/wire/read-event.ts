import { Refusal } from '../../amqp/refusal.ts';
import { elementsOf, sectionsOf, textOf, type Section } from '../../amqp/wire/scan.ts';
import { annotation, type EncodedEvent } from './event.ts';

const code = { header: 0x70, annotations: 0x72, properties: 0x73 };
const none: readonly Buffer[] = [];
const empty = Buffer.alloc(0);

/** Set by the service, whatever a sender says: one that forwards a received event sends them along. */
const servicesOwn: ReadonlySet<string> = new Set(Object.values(annotation));

/** Throws a WireError when the bytes are no message. */
export function readEvent(bytes: Buffer): EncodedEvent {
  const sections = sectionsOf(bytes);
  const find = (wanted: number): Section | undefined => sections.find((section) => section.code === wanted);
  const [header, annotations] = [find(code.header), find(code.annotations)];
  const bare = sections.find((section) => section.code >= code.properties);
  return {
    header: header === undefined ? empty : bytes.subarray(header.start, header.end),
    annotations: annotations === undefined ? none : kept(elementsOf(bytes, annotations.value)),
    bare: bare === undefined ? empty : bytes.subarray(bare.start),
    bytes: bytes.length,
  };
}

function kept(elements: readonly Buffer[]): readonly Buffer[] {
  if (elements.length === 0) return none;
  return elements.filter((_, i) => !servicesOwn.has(textOf(elements[i - (i % 2)]) ?? ''));
}

/** The partition key that stands in the annotations of a message or of a batch as a whole. */
export function readPartitionKey(bytes: Buffer): string | undefined {
  const section = sectionsOf(bytes).find((found) => found.code === code.annotations);
  if (section === undefined) return undefined;
  const elements = elementsOf(bytes, section.value);
  const at = elements.findIndex((element, i) => i % 2 === 0 && textOf(element) === annotation.partitionKey);
  if (at < 0) return undefined;
  const key = textOf(elements[at + 1]);
  if (key === undefined) throw new Refusal('com.microsoft:argument-error', 'A partition key must be a text.');
  return key;
}

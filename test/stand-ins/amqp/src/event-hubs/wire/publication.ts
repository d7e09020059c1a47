import { Refusal } from '../../protocol/refusal.ts';
import { batchFormat, parseBatch } from '../../protocol/wire/parse-batch.ts';
import { elementsOf, sectionsOf, textOf } from '../../protocol/wire/scan.ts';
import { annotation } from './event.ts';

/** What one transfer brings. */
export interface Publication {
  readonly isBatch: boolean;
  /** Each the bytes of one event. They are cut up only when somebody reads them. */
  readonly events: readonly Buffer[];
  /** Of the event, or of the batch as a whole, whatever the events in it say. */
  readonly partitionKey: string | undefined;
}

const annotationsSection = 0x72;

/** Throws a WireError when the bytes are no message, or a batch holds one that is none. */
export function readPublication(bytes: Buffer, format: number): Publication {
  const isBatch = format === batchFormat;
  const events = isBatch ? parseBatch(bytes) : [bytes];
  if (isBatch) for (const event of events) sectionsOf(event);
  return { isBatch, events, partitionKey: partitionKeyOf(bytes) };
}

function partitionKeyOf(bytes: Buffer): string | undefined {
  const section = sectionsOf(bytes).find(({ code }) => code === annotationsSection);
  if (section === undefined) return undefined;
  const elements = elementsOf(bytes, section.value);
  const at = elements.findIndex((element, i) => i % 2 === 0 && textOf(element) === annotation.partitionKey);
  if (at < 0) return undefined;
  const key = textOf(elements[at + 1]);
  if (key === undefined) throw new Refusal('com.microsoft:argument-error', 'A partition key must be a text.');
  return key;
}

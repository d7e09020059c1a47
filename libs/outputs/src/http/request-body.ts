/** Changes as the bodies of requests. */
import type { RoutedEvent } from '@dstream/core';
import type { Entry } from '../destinations/destination.ts';
import { jsonLines } from '../lines/json-lines.ts';

/** What a request holds: a JSON array of changes, JSON Lines, or one change. */
export type BodyForm = 'array' | 'lines' | 'single';

/** How many changes a request holds, at most. A single larger change is sent alone. */
export interface BatchLimits {
  readonly form: BodyForm;
  readonly maxChanges: number;
  readonly maxBytes: number;
}

/** Changes of one request, at least one. */
export type Batch = readonly [Entry, ...Entry[]];

/** What a request sends. */
export interface RequestBody {
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

const structured = 'application/cloudevents+json';

/** Consecutive changes of one ordering key as batches. */
export function batchesOf(entries: readonly Entry[], limits: BatchLimits): Batch[] {
  const batches: [Entry, ...Entry[]][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const last = batches.at(-1);
    const size = entry.routed.line.length + 1;
    if (
      last !== undefined &&
      last.length < limits.maxChanges &&
      bytes + size <= limits.maxBytes &&
      goTogether(last[0], entry, limits)
    ) {
      last.push(entry);
      bytes += size;
    } else {
      batches.push([entry]);
      bytes = size;
    }
  }
  return batches;
}

function goTogether({ routed: a }: Entry, { routed: b }: Entry, { form }: BatchLimits): boolean {
  return (
    form !== 'single' &&
    a.attributes === undefined &&
    b.attributes === undefined &&
    a.contentType === b.contentType
  );
}

/** The body in the form that is configured; a change with attributes is sent by itself, with them as headers. */
export function requestBodyOf([first, ...rest]: Batch, form: BodyForm): RequestBody {
  const { line, attributes, contentType = 'application/json' } = first.routed;
  if (attributes !== undefined || form === 'single')
    return { bytes: line, headers: { 'content-type': contentType, ...attributeHeaders(attributes) } };
  const events = [first, ...rest].map(({ routed }) => routed);
  return form === 'lines'
    ? { bytes: jsonLines(events), headers: { 'content-type': 'application/x-ndjson' } }
    : { bytes: jsonArray(events), headers: { 'content-type': batchTypeOf(contentType) } };
}

/** "HTTP Protocol Binding for CloudEvents 1.0.2", 3.3: batched content mode. */
function batchTypeOf(contentType: string): string {
  return contentType.startsWith(structured)
    ? contentType.replace(structured, 'application/cloudevents-batch+json')
    : 'application/json';
}

const [open, comma, close] = [0x5b, 0x2c, 0x5d];

/** The lines with commas between them: what arrived as bytes is copied, not encoded again. */
function jsonArray(events: readonly RoutedEvent[]): Uint8Array {
  const bytes = jsonLines(events);
  const array = Buffer.allocUnsafe(bytes.length + 1);
  array[0] = open;
  array.set(bytes, 1);
  let end = 0;
  for (const { line } of events) {
    end += line.length + 1;
    array[end] = comma;
  }
  array[end] = close;
  return array;
}

/** The same specification, 3.1.3: `ce-` headers, in which what HTTP does not take is percent-encoded. */
function attributeHeaders(attributes: Readonly<Record<string, string>> = {}): Record<string, string> {
  const headers = Object.entries(attributes).map(
    ([name, value]) => [`ce-${name}`, headerValue(value)] as const,
  );
  return Object.fromEntries(headers);
}

function headerValue(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^!#$&-~]/gu, (character) =>
      [...new TextEncoder().encode(character)]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    );
}

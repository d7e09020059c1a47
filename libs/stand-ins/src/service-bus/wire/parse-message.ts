import type { Payload } from '../broker/payload.ts';
import { encodedNull, encodeList, encodeSection, encodeText } from './encode.ts';
import type { MessageHeader } from './encoded-message.ts';
import { elementsOf, integerOf, sectionsOf, textOf, type Section } from './scan.ts';

const code = { header: 0x70, annotations: 0x72, properties: 0x73, applicationProperties: 0x74 };
const field = { messageId: 0, absoluteExpiry: 8, creationTime: 9, groupId: 10 };
const empty = Buffer.alloc(0);
const scheduledKey = 'x-opt-scheduled-enqueue-time';

/** Annotations that only the broker sets; a sender that forwards a received message sends them along. */
const brokersOwn = new Set([
  'x-opt-enqueued-time',
  'x-opt-sequence-number',
  'x-opt-enqueue-sequence-number',
  'x-opt-locked-until',
  'x-opt-message-state',
  'x-opt-deadletter-source',
]);

/** Reads what the broker needs of an encoded message; `newMessageId` names one that came without an id. */
export function parseMessage(bytes: Buffer, newMessageId: () => string): Payload {
  const sections = sectionsOf(bytes);
  const find = (wanted: number): Section | undefined => sections.find((section) => section.code === wanted);
  const header = headerOf(bytes, find(code.header));
  const properties = propertiesOf(bytes, find(code.properties), newMessageId);
  const annotations = pairsOf(bytes, find(code.annotations));
  const application = find(code.applicationProperties);
  const body = sections.find((section) => section.code > code.applicationProperties);
  return {
    messageId: properties.messageId,
    sessionId: properties.sessionId,
    ttlMs: header.ttlMs,
    scheduledAtMs: scheduledAt(annotations),
    bytes: bytes.length,
    encoded: {
      header,
      annotations: annotations.filter(({ key }) => !brokersOwn.has(key)).flatMap(({ pair }) => pair),
      properties: properties.section,
      applicationProperties:
        application === undefined ? empty : bytes.subarray(application.start, application.end),
      body: body === undefined ? empty : bytes.subarray(body.start),
    },
  };
}

function headerOf(bytes: Buffer, section: Section | undefined): MessageHeader {
  if (section === undefined) return { durable: false, priority: undefined, ttlMs: undefined };
  const [durable, priority, ttl] = elementsOf(bytes, section.value);
  return {
    durable: durable?.[0] === 0x41 || (durable?.[0] === 0x56 && durable[1] === 1),
    priority: priority?.[0] === 0x50 ? priority[1] : undefined,
    ttlMs: integerOf(ttl),
  };
}

interface Properties {
  readonly messageId: string;
  readonly sessionId: string | undefined;
  readonly section: Buffer;
}

function propertiesOf(bytes: Buffer, section: Section | undefined, newMessageId: () => string): Properties {
  const elements = section === undefined ? [] : elementsOf(bytes, section.value);
  const sessionId = textOf(elements[field.groupId]);
  const [given] = elements;
  if (section !== undefined && given !== undefined && given[0] !== encodedNull[0]) {
    const messageId = textOf(given) ?? given.toString('hex');
    return { messageId, sessionId, section: bytes.subarray(section.start, section.end) };
  }
  const messageId = newMessageId();
  const list = encodeList([encodeText(messageId), ...elements.slice(1)]);
  return { messageId, sessionId, section: encodeSection(code.properties, list) };
}

interface Pair {
  readonly key: string;
  readonly pair: readonly [Buffer, Buffer];
}

function pairsOf(bytes: Buffer, section: Section | undefined): Pair[] {
  if (section === undefined) return [];
  const elements = elementsOf(bytes, section.value);
  const pairs: Pair[] = [];
  for (let i = 0; i + 1 < elements.length; i += 2) {
    const [key, value] = [elements[i] as Buffer, elements[i + 1] as Buffer];
    pairs.push({ key: textOf(key) ?? '', pair: [key, value] });
  }
  return pairs;
}

function scheduledAt(pairs: readonly Pair[]): number | undefined {
  return integerOf(pairs.find(({ key }) => key === scheduledKey)?.pair[1]);
}

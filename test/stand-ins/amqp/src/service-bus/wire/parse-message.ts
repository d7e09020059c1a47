import type { Payload } from './payload.ts';
import { encodedNull, encodeList, encodeSection, encodeText } from '../../protocol/wire/encode.ts';
import type { MessageHeader } from './encoded-message.ts';
import { elementsOf, integerOf, sectionsOf, textOf, type Section } from '../../protocol/wire/scan.ts';

const code = { header: 0x70, annotations: 0x72, properties: 0x73, applicationProperties: 0x74 };
const field = { messageId: 0, absoluteExpiry: 8, creationTime: 9, groupId: 10 };
const none: readonly Buffer[] = [];
const noHeader: MessageHeader = { durable: false, priority: undefined, ttlMs: undefined };
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
  return {
    messageId: properties.messageId,
    sessionId: properties.sessionId,
    ttlMs: header.ttlMs,
    scheduledAtMs: scheduledAt(annotations),
    bytes: bytes.length,
    encoded: {
      header,
      annotations: keptAnnotations(annotations),
      ...bareOf(bytes, sections, properties.section),
    },
  };
}

/** Properties and all behind them: one slice when they came together, else joined. */
function bareOf(bytes: Buffer, sections: readonly Section[], properties: Buffer | Section) {
  const application = sections.find((section) => section.code === code.applicationProperties);
  const behind =
    sections.find((section) => section.code >= code.applicationProperties)?.start ?? bytes.length;
  const applicationBytes = application === undefined ? 0 : application.end - application.start;
  const joined = Buffer.isBuffer(properties);
  const bare = joined
    ? Buffer.concat([properties, bytes.subarray(behind)])
    : bytes.subarray(properties.start);
  const applicationStart = joined ? properties.length : properties.end - properties.start;
  return { bare, applicationStart, applicationEnd: applicationStart + applicationBytes };
}

function keptAnnotations(pairs: readonly Pair[]): readonly Buffer[] {
  const kept = pairs.filter(({ key }) => !brokersOwn.has(key));
  return kept.length === 0 ? none : kept.flatMap(({ pair }) => pair);
}

function headerOf(bytes: Buffer, section: Section | undefined): MessageHeader {
  if (section === undefined) return noHeader;
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
  /** Where it stands, or a new one that has the id. */
  readonly section: Section | Buffer;
}

function propertiesOf(bytes: Buffer, section: Section | undefined, newMessageId: () => string): Properties {
  const elements = section === undefined ? [] : elementsOf(bytes, section.value);
  const sessionId = textOf(elements[field.groupId]);
  const [given] = elements;
  if (section !== undefined && given !== undefined && given[0] !== encodedNull[0]) {
    const messageId = textOf(given) ?? given.toString('hex');
    return { messageId, sessionId, section };
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

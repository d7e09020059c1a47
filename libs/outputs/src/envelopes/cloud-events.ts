/**
 * `envelope = "cloudevents"`: CloudEvents 1.0 ("CloudEvents - Version 1.0.2" and its "JSON Event Format"). The data of an event
 * is the change as the envelope `dstream` has it.
 */
import { choice, defineEnvelope, withDefault } from '@dstream/config/schema';
import { tableName, type ChangeMetadata } from '@dstream/core';
import { perTable, perText } from './memoize-last.ts';
import { withEnvelope, type Encode } from './with-envelope.ts';

type Mode = 'structured' | 'binary';

/** `envelope { type = "cloudevents" }`. Refuses `mode = "binary"` where the output has nothing beside a body. */
export const cloudEventsType = defineEnvelope({
  type: 'cloudevents',
  doc: 'CloudEvents 1.0, with the change as data.',
  keys: {
    mode: withDefault(
      choice(['structured', 'binary']),
      'structured',
      '"structured": attributes and change in one JSON object. "binary": the change as the body, the attributes as properties or headers beside it.',
    ),
  },
  settings: (
    reading,
    { attributes = 'the destination has nothing beside a body; write mode = "structured"' },
    findings,
  ) => {
    const { mode } = reading.values;
    if (mode === 'binary' && attributes !== true) findings.add(reading.placeOf('mode'), attributes);
    return { mode };
  },
  open: ({ mode }) => Promise.resolve((publisher) => withEnvelope(publisher, cloudEventsEnvelope(mode))),
});

const dataContentType = 'application/json';
const structuredContentType = 'application/cloudevents+json';
const beforeData = `,"datacontenttype":"${dataContentType}","data":`;
const end = Buffer.from('}');

/** @param mode binary: attributes are in `RoutedEvent.attributes`, except `datacontenttype`, which is the content type */
export function cloudEventsEnvelope(mode: Mode): Encode {
  const attributesOf = attributes();
  if (mode === 'binary')
    return (routed) => ({
      ...routed,
      contentType: dataContentType,
      attributes: attributesOf(routed.event.metadata),
    });
  return (routed) => {
    const text = JSON.stringify(attributesOf(routed.event.metadata));
    const start = Buffer.from(text.slice(0, -1) + beforeData);
    return { ...routed, line: Buffer.concat([start, routed.line, end]), contentType: structuredContentType };
  };
}

/** The attributes of a change, all of them texts, without `datacontenttype`. */
function attributes(): (metadata: ChangeMetadata) => Readonly<Record<string, string>> {
  const ofTable = perTable((table) => ({
    source: `/${uriPart(table.server)}/${uriPart(table.database)}`,
    subject: attributeText(tableName(table)),
  }));
  const timeOf = perText(timestamp);
  return (metadata) => {
    const { source, subject } = ofTable(metadata);
    const { replay } = metadata;
    return {
      specversion: '1.0',
      id: attributeText(metadata.id),
      source,
      type: `dstream.change.${metadata.operation}`,
      subject,
      time: timeOf(metadata.committedAt),
      ...(replay !== undefined && { replay: String(replay) }),
    };
  };
}

function uriPart(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}

/** What the type `String` of CloudEvents excludes, percent-encoded: control characters, noncharacters, halves of a character. */
function attributeText(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Noncharacter_Code_Point}]/gu, encodeURIComponent);
}

/** As RFC 3339 wants it: a date that is in no calendar, or the hour 24, is the time that it means. */
function timestamp(committedAt: string): string {
  const meant = new Date(committedAt).toISOString();
  return meant.slice(0, 10) === committedAt.slice(0, 10) ? committedAt : meant;
}

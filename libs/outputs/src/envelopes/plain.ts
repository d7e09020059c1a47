/** `envelope = "plain"`: the row alone. */
import { defineEnvelope } from '@dstream/config/schema';
import { tableName, type Log, type RoutedEvent } from '@dstream/core';
import { withEnvelope, type Encode } from './with-envelope.ts';

/** `envelope = "plain"`, or `envelope { type = "plain" }`. Opens nothing. */
export const plainType = defineEnvelope({
  type: 'plain',
  doc: 'The row alone; of a delete its last image.',
  keys: {},
  settings: () => ({}),
  open: (_, { log }) => Promise.resolve((publisher) => withEnvelope(publisher, plainEnvelope(log))),
});

/** `data` alone. A gap has no row: a warning takes its place. */
export function plainEnvelope(log: Log): Encode {
  return (routed) => {
    const { data, metadata } = routed.event;
    if (metadata.operation !== 'gap') return { ...routed, ...json(JSON.stringify(data)) };
    log.warn('gap not delivered: the envelope "plain" holds rows only', {
      table: tableName(metadata),
      ...metadata.gap,
    });
    return [];
  };
}

/** A body of JSON, for a change that is written anew. */
export function json(text: string): Pick<RoutedEvent, 'line'> & { readonly contentType: string } {
  return { line: Buffer.from(text), contentType: 'application/json' };
}

/** A change that can be read and then breaks a transform would hold its table up, or reach an output broken: there is none. */
import { decodeEnvelope, DStreamError, type StampedEvent, type Transformed } from '@dstream/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodedLines } from '../support/decoded-lines.ts';
import { envelopeLines } from '../support/envelope-lines.ts';
import { loadedTransform } from '../support/loaded-transform.ts';

const never = new AbortController().signal;

/** Names that the random rows have. */
const odd = ['__proto__', 'constructor', 'toString', 'length'].map((name) => JSON.stringify(name)).join(', ');

/** What each is configured as, and whether its rows stay plain, as they are on the topic. */
const transforms = [
  { type: 'columns', plain: true, body: `drop = [${odd}]\nallow_key = true` },
  { type: 'columns', plain: true, body: `keep = ["N", "json", "__proto__"]\nallow_key = true` },
  { type: 'columns', plain: true, body: `hash = [${odd}, "json"]\nhash_salt = "salt"\nallow_key = true` },
  { type: 'columns', plain: true, body: `mask = [${odd}, "json"]\nallow_key = true` },
  { type: 'columns', plain: true, body: 'rename = { json = "__proto__", length = "constructor" }' },
  { type: 'columns', plain: true, body: 'truncate = { json = 3, length = 0 }\nallow_key = true' },
  {
    type: 'columns',
    plain: true,
    body: 'convert = { json = "number", length = "text", toString = "boolean" }',
  },
  {
    type: 'filter',
    plain: true,
    body: 'when = "!has(data.json) || double(data.json) < 1.0 || size(data.json) > 3"',
  },
  { type: 'filter', plain: true, body: 'when = "!metadata.table.startsWith(\'a\')"\nleaving = "delete"' },
  { type: 'flatten', plain: true, body: `columns = ["json", ${odd}]\ncollisions = "suffix"` },
  { type: 'parse_json', plain: false, body: `columns = ["json", ${odd}]` },
];

const json = fc.oneof(
  fc.json({ noUnicodeString: false }),
  fc.constantFrom(
    '{"__proto__":{"a":1}}',
    '{"a":1,"a":2}',
    '[1e400]',
    '-0',
    '9007199254740993',
    '"\\ud800"',
    '{',
    '',
  ),
);

/** Changes of a message; each has a column `json`. */
const events = fc.array(
  fc.tuple(envelopeLines(2), json).map(([line, text]) =>
    decodedLines(line).map(({ event }) => ({
      ...(event as StampedEvent),
      data: event.data && { ...event.data, json: text },
      ...(event.before && { before: { ...event.before, json: text } }),
    })),
  ),
  { minLength: 1, maxLength: 4 },
);

test.each(transforms)(
  'whatever decodes passes $type, or fails alone: $body',
  async ({ type, body, plain }) => {
    await using transform = await loadedTransform(type, body)();
    let made = 0;
    await fc.assert(
      fc.asyncProperty(events, async (lists) => {
        const all = lists.flat();
        const results = await transform.apply(all, { signal: never, route: () => undefined });
        expect(results).toHaveLength(all.length);
        const eventsMade = results.flatMap((result) => (result instanceof DStreamError ? [] : result));
        made += eventsMade.length;
        expect(results.filter(isWrongFailure)).toEqual([]);
        expect(eventsMade.filter((one) => !all.some((event) => isMadeOf(one, event)))).toEqual([]);
        expect(plain ? eventsMade.filter(isDamagedByItsLine) : []).toEqual([]);
      }),
      { numRuns: 150 },
    );
    // Otherwise it would say nothing.
    expect(made).toBeGreaterThan(10);
    expect(Object.keys(Object.prototype)).toEqual([]);
  },
);

/** A failure that would not dead-letter its change alone. */
function isWrongFailure(result: Transformed): boolean {
  return result instanceof DStreamError && result.code !== 'TransformFailed';
}

function isMadeOf({ metadata }: StampedEvent, event: StampedEvent): boolean {
  return metadata.id === event.metadata.id && metadata.position === event.metadata.position;
}

/** True when it is not read as what was written: by the next processor, or by whoever reads an output. */
function isDamagedByItsLine(event: StampedEvent): boolean {
  const line = JSON.stringify(event);
  return JSON.stringify(decodeEnvelope(line)) !== line;
}

import type { ChangeEvent, RoutedEvent } from '@dstream/core';
import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { envelopeLines } from '../../../../test/support/envelope-lines.ts';
import { decodedLines } from '../../../../test/support/decoded-lines.ts';
import { textOf } from '../../../../test/support/publisher-rig.ts';
import { cloudEventsEnvelope } from './cloud-events.ts';

function routed(event: ChangeEvent): RoutedEvent {
  return { event, line: Buffer.from(JSON.stringify(event)), orderingKey: 's' };
}

function encoded(mode: 'structured' | 'binary', given: RoutedEvent): RoutedEvent {
  const [only] = [cloudEventsEnvelope(mode)(given)].flat();
  if (only === undefined) throw new Error('nothing was made of it');
  return only;
}

/** As the library reads a request of the HTTP binding; it throws where the event is not valid. */
function read({ line, contentType = '', attributes = {} }: RoutedEvent): CloudEvent<unknown> {
  const ce = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]);
  const headers = Object.fromEntries([['content-type', contentType], ...ce]) as Record<string, string>;
  const event = HTTP.toEvent<unknown>({ headers, body: Buffer.from(line).toString() });
  if (!(event instanceof CloudEvent)) throw new Error('several events');
  event.validate();
  return event;
}

const update = aChange(7, { operation: 'update', server: 'db1,1433', table: 'Persons' });

describe.each(['structured', 'binary'] as const)('the envelope of CloudEvents, %s', (mode) => {
  test('is an event to the library', () => {
    const event = read(encoded(mode, routed(update)));
    expect(event).toMatchObject({
      specversion: '1.0',
      id: 'c7',
      source: '/db1%2C1433/d',
      type: 'dstream.change.update',
      subject: 'dbo.Persons',
      time: '2026-11-20T00:00:00.000Z',
      datacontenttype: 'application/json',
      data: update,
    });
  });

  test('has how often a change was replayed', () => {
    const { attributes, line } = encoded(mode, routed(aChange(1, { replay: 3 })));
    const found = mode === 'binary' ? attributes : (JSON.parse(Buffer.from(line).toString()) as object);
    expect(found).toMatchObject({ replay: '3' });
  });

  test('of whatever decodes is an event to the library', () => {
    let events = 0;
    const lines = fc.oneof(envelopeLines(1), envelopeLines(2));
    fc.assert(
      fc.property(lines, (line) => {
        for (const given of decodedLines(line)) {
          expect(read(encoded(mode, given)).data).toEqual(JSON.parse(textOf(given)));
          events += 1;
        }
      }),
      { numRuns: 300 },
    );
    expect(events).toBeGreaterThan(50);
  });
});

test('the data of a structured event is the line, byte for byte', () => {
  const line = Buffer.from('{ "data": {"N":1.10,"Big":12345678901234567890} }');
  const structured = encoded('structured', { ...routed(update), line });
  expect(structured.contentType).toBe('application/cloudevents+json');
  expect(textOf(structured)).toMatch(
    /^\{"specversion":"1\.0",.*,"data":\{ "data": \{"N":1\.10,"Big":12345678901234567890\} \}\}$/,
  );
});

test('the body of a binary event is the line itself', () => {
  const given = routed(update);
  const binary = encoded('binary', given);
  expect(binary.line).toBe(given.line);
  expect(binary.contentType).toBe('application/json');
  expect(binary.attributes).not.toHaveProperty('datacontenttype');
});

test('attributes hold no character that CloudEvents excludes, and times are in the calendar', () => {
  const odd = aChange(1, {
    id: 'a\u0001\ud800b\uffff',
    table: 'T\n',
    database: 'd\ud800 /',
    committedAt: '2026-02-31T24:00:00Z',
  });
  expect(encoded('binary', routed(odd)).attributes).toMatchObject({
    id: 'a%01\ufffdb%EF%BF%BF',
    subject: 'dbo.T%0A',
    source: '/s/d%EF%BF%BD%20%2F',
    time: '2026-03-04T00:00:00.000Z',
  });
});

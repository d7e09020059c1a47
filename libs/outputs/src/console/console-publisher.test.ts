import { Writable } from 'node:stream';
import type { Position, RoutedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { ConsolePublisher, formatOf, visibleJsonLine } from './console-publisher.ts';
import { prettyLine } from './pretty-line.ts';

function updated(): RoutedEvent {
  const event = {
    data: { ID: 1, Name: 'Åsa', Note: 'x'.repeat(60) },
    before: { ID: 1, Name: 'Asa', Note: 'x'.repeat(60) },
    metadata: {
      version: 2,
      id: 'i',
      source: 'sqlserver',
      server: 's',
      database: 'd',
      schema: 'dbo',
      table: 'Persons',
      operation: 'update',
      key: { ID: 1 },
      changed: ['Name'],
      origin: { captureInstance: 'dbo_Persons', lsn: '0x00', seqval: '0x00' },
      sequence: 1,
      committedAt: '2026-11-20T09:15:30.123Z',
      position: 'p' as Position,
    },
  } as const;
  return { event, line: Buffer.from(JSON.stringify(event)), orderingKey: 's' };
}

function collector(): { stream: Writable; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}

const { signal } = new AbortController();

describe('the console', () => {
  test('writes the envelope as it arrived, one a line', async () => {
    const { stream, text } = collector();
    await using publisher = new ConsolePublisher({ stream });
    await publisher.publish([updated(), updated()], { signal });
    const line = JSON.stringify(updated().event);
    expect(text()).toBe(`${line}\n${line}\n`);
  });

  test('on a full disk says so, and not that nobody reads it', async () => {
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(full) });
    await using publisher = new ConsolePublisher({ stream });
    await expect(publisher.publish([updated()], { signal })).rejects.toMatchObject({
      code: 'OutputClosed',
      message: expect.stringContaining('the disk is full') as string,
    });
  });

  test('that is a terminal which goes away fails all that was on its way to it, and all that comes', async () => {
    const fails: (() => void)[] = [];
    // As a stream over a descriptor of somebody else: not destroyed by its error, silent to what is written later.
    const stream = new Writable({
      autoDestroy: false,
      write: (_chunk, _encoding, done) => void fails.push(() => done(new Error('EIO'))),
    });
    await using publisher = new ConsolePublisher({ stream });
    const under = [1, 2, 3].map(() => publisher.publish([updated()], { signal }));
    fails[0]?.();
    const results = await Promise.allSettled(under);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await expect(publisher.publish([updated()], { signal })).rejects.toMatchObject({ code: 'OutputClosed' });
    await using another = new ConsolePublisher({ stream });
    await expect(another.publish([updated()], { signal })).rejects.toMatchObject({ code: 'OutputClosed' });
  });

  test('shows a person what changed in which row', async () => {
    const { stream, text } = collector();
    await using publisher = new ConsolePublisher({ stream, format: prettyLine({ colour: false }) });
    await publisher.publish([updated()], { signal });
    expect(text()).toBe('09:15:30.123  update  dbo.Persons  ID=1  Name: "Asa" → "Åsa"\n');
  });

  test('shows a person control characters of names and values instead of obeying them', async () => {
    const { event } = updated();
    const metadata = { ...event.metadata, table: 'T\u001b]0;owned\u0007', key: { '\u202eID': 'a\u009b2J' } };
    const line = prettyLine({ colour: false })({
      event: { ...event, metadata },
    });
    expect(line).toContain('dbo.T\\u001b]0;owned\\u0007  \\u202eID="a\\u009b2J"');
  });

  test('writes to a terminal the same JSON without a control character', () => {
    const line = JSON.stringify({ data: { a: '\u009b2J\u202e' } });
    const shown = visibleJsonLine({ ...updated(), line: Buffer.from(line) });
    expect([shown, JSON.parse(shown)]).toEqual(['{"data":{"a":"\\u009b2J\\u202e"}}', JSON.parse(line)]);
  });

  test('in a terminal is readable text, but for changes in an envelope', () => {
    const shown = formatOf('auto', true).format;
    const enveloped = { ...updated(), line: Buffer.from('{"ID":1}'), contentType: 'application/json' };
    expect(shown?.(updated())).toContain('dbo.Persons');
    expect(shown?.(enveloped)).toBe('{"ID":1}');
    expect([formatOf('auto', false), formatOf('json', false)]).toEqual([{}, {}]);
  });

  test('shows a person from where to where changes are gone', async () => {
    const { stream, text } = collector();
    await using publisher = new ConsolePublisher({ stream, format: prettyLine({ colour: false }) });
    const { event } = updated();
    const gap = {
      reason: 'HistoryLost',
      from: { lsn: '0x05', at: '2026-11-19T09:00:00.000Z' },
      to: { lsn: '0x09' },
    } as const;
    const metadata = { ...event.metadata, operation: 'gap', key: null, gap } as const;
    await publisher.publish([{ event: { data: null, metadata }, line: Buffer.of(), orderingKey: 's' }], {
      signal,
    });
    expect(text()).toBe(
      '09:15:30.123  gap     dbo.Persons  HistoryLost: nothing is known from 0x05 (2026-11-19T09:00:00.000Z) to 0x09\n',
    );
  });

  test('a reader that is gone ends the output, now and later', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    await using publisher = new ConsolePublisher({ stream });
    await expect(publisher.publish([updated()], { signal })).rejects.toMatchObject({ code: 'OutputClosed' });
    await expect(publisher.publish([updated()], { signal })).rejects.toMatchObject({ code: 'OutputClosed' });
  });
});

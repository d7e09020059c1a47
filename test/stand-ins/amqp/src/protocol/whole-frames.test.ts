import { expect, test } from 'vitest';
import type { RheaConnection, RheaFrame } from './rhea-internals.ts';
import { writeWholeFrames } from './whole-frames.ts';

/** The fields as they are written of a performative of that name. */
function written(name: string, fields: unknown[]): unknown[] {
  const frames: RheaFrame[] = [];
  const transport = { encode: (frame: RheaFrame) => void frames.push(frame) };
  writeWholeFrames({ amqp_transport: transport } as unknown as RheaConnection);
  transport.encode({ performative: { value: fields, constructor: { toString: () => name } } });
  return frames[0]?.performative?.value ?? [];
}

test('fields that were left out at the end are written as null', () => {
  expect(written('detach#16', [1, true])).toEqual([1, true, null]);
  expect(written('attach#12', ['link'])).toHaveLength(14);
});

test('a session says how many links it may have', () => {
  expect(written('begin#11', [0, 1, 2, 3])).toHaveLength(8);
  expect(String(written('begin#11', [])[4])).toBe(String(0xffff_ffff));
});

test('a frame without a performative passes', () => {
  const frames: RheaFrame[] = [];
  const transport = { encode: (frame: RheaFrame) => void frames.push(frame) };
  writeWholeFrames({ amqp_transport: transport } as unknown as RheaConnection);
  transport.encode({});
  expect(frames).toEqual([{}]);
});

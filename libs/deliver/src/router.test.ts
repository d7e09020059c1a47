import { DStreamError, type StampedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { routed } from '../../../test/support/processor-rig.ts';
import type { DecodedChange, Recipients } from './decode-message.ts';
import { Router, type RoutingRules } from './router.ts';

const publisher = (hasDestinations: boolean) => ({
  hasDestinations,
  connect: () => Promise.resolve(),
  publish: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

function change(n: number, metadata: Partial<StampedEvent['metadata']> = {}, to?: Recipients): DecodedChange {
  const { event, ...rest } = routed(n);
  return { ...rest, event: { ...event, metadata: { ...event.metadata, ...metadata } }, ...(to && { to }) };
}

function route(routing: RoutingRules, ...changes: readonly DecodedChange[]) {
  let dropped = 0;
  const router = new Router({
    routing,
    outputs: [
      { name: 'bus', publisher: publisher(true) },
      { name: 'log', publisher: publisher(false) },
    ],
    dropped: (count) => (dropped += count),
  });
  const { changes: got, failures } = router.route(changes);
  return {
    to: got.map(({ to }) => to && [...to.keys()]),
    changes: got,
    failures: failures.map(({ error }) => `${error.code}: ${error.message}`),
    dropped,
  };
}

const inserts = { name: 'i', match: { operations: ['insert'] }, outputs: ['bus'] } as const;
const orders = { name: 'o', match: { tables: ['dbo.Order*'] }, outputs: ['log', 'bus'] } as const;

describe('which outputs a change goes to', () => {
  test('without routes to all, as the same object', () => {
    const one = change(1);
    expect(route({ routes: [] }, one).changes[0]).toBe(one);
  });

  test('to those of every route that matches, to each once', () => {
    const one = change(1, { table: 'Orders', operation: 'insert' });
    expect(route({ routes: [inserts, orders] }, one).to).toEqual([['bus', 'log']]);
  });

  test('changes that match different routes go to different outputs, again and again', () => {
    const audit = { name: 'a', match: { tables: ['dbo.Audit'] }, outputs: ['log'] } as const;
    const inserted = change(1, { table: 'People', operation: 'insert' });
    const audited = change(2, { table: 'Audit', operation: 'update' });
    const both = change(3, { table: 'Audit', operation: 'insert' });
    const { to } = route({ routes: [inserts, audit] }, inserted, audited, both, inserted, audited);
    expect(to).toEqual([['bus'], ['log'], ['bus', 'log'], ['bus'], ['log']]);
  });

  test('what no route matches goes to all, or to the default outputs', () => {
    const one = change(1, { table: 'People', operation: 'delete' });
    expect(route({ routes: [inserts, orders] }, one).to).toEqual([undefined]);
    expect(route({ routes: [inserts, orders], defaultOutputs: ['log'] }, one).to).toEqual([['log']]);
  });

  test('what is for no output is dropped and counted', () => {
    const nowhere = { ...inserts, outputs: [] };
    const one = change(1, { operation: 'insert' });
    expect(route({ routes: [nowhere] }, one, change(2, { operation: 'delete' }))).toMatchObject({
      to: [undefined],
      dropped: 1,
    });
    expect(route({ routes: [], defaultOutputs: [] }, one)).toMatchObject({ to: [], dropped: 1 });
  });

  test('a condition judges what matches', () => {
    const large = { ...inserts, when: ({ metadata }: StampedEvent) => metadata.sequence > 1 };
    const changes = [1, 2].map((sequence) => change(sequence, { operation: 'insert', sequence }));
    expect(route({ routes: [large], defaultOutputs: ['log'] }, ...changes).to).toEqual([['log'], ['bus']]);
  });

  test('a condition that fails is a failure of its change alone', () => {
    const failing = {
      ...inserts,
      when: ({ metadata: { sequence } }: StampedEvent) => {
        if (sequence === 1) throw new DStreamError('TransformFailed', 'no such column');
        return true;
      },
    };
    const changes = [1, 2].map((sequence) => change(sequence, { operation: 'insert', sequence }));
    expect(route({ routes: [failing] }, ...changes)).toMatchObject({
      to: [['bus']],
      failures: ['TransformFailed: no such column'],
    });
  });

  test('a marker of a gap follows its table, whatever the operations and conditions', () => {
    const narrow = {
      ...orders,
      match: { ...orders.match, operations: ['insert'] as const },
      when: () => false,
    };
    const gap = change(1, { table: 'Orders', operation: 'gap' });
    expect(route({ routes: [narrow], defaultOutputs: [] }, gap).to).toEqual([['log', 'bus']]);
  });

  test('what a transform has chosen counts instead of the routes', () => {
    const chosen = change(1, { operation: 'insert' }, new Map([['log', undefined]]));
    expect(route({ routes: [inserts] }, chosen).to).toEqual([['log']]);
  });

  test.each([
    [
      new Map([['lgo', undefined]]),
      'TransformFailed: a transform has chosen an output: there is no output "lgo"; name one of bus, log',
    ],
    [
      new Map([['log', 'x']]),
      'TransformFailed: a transform has chosen an output: the output "log" has no destinations to choose from; name it without one',
    ],
  ])('a choice that is not possible is a failure', (to: Recipients, error) => {
    const made = { ...change(1), madeOf: routed(1), to };
    const other = { ...made, to: new Map([['bus', 'q']]) };
    expect(route({ routes: [] }, other, made)).toMatchObject({ to: [], failures: [error] });
  });
});

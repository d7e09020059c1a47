import { DStreamError, type RouteOverride, type StampedEvent } from '@dstream/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import type { LogEntry } from './script-engine.ts';
import { ScriptThread, type ScriptThreadOptions } from './script-thread.ts';
import { ScriptTransform } from './script-transform.ts';

const never = new AbortController().signal;

function stamped(n: number, data: StampedEvent['data'] = { N: n, Name: `n${n}` }): StampedEvent {
  const change = aChange(n);
  return { ...change, data, metadata: { ...change.metadata, generation: 1, epoch: 1 } };
}

function updated(n: number): StampedEvent {
  const { data, metadata } = stamped(n);
  return {
    data,
    before: { N: n, Name: 'old' },
    metadata: { ...metadata, operation: 'update', changed: ['Name'] },
  };
}

const limits = { cpuMs: 1000, loadMs: 5000, memory: 33_554_432, allowClock: false };

/** Starts a thread. */
async function opened(source: string, options: Partial<ScriptThreadOptions> = {}): Promise<ScriptTransform> {
  const given = { name: 't.js', source, ...limits, logged: () => undefined, ...options };
  return new ScriptTransform(await ScriptThread.open(given));
}

/** Runs a script over changes, and tells what became of them. */
async function ran(
  source: string,
  events: readonly StampedEvent[],
  options: Partial<ScriptThreadOptions> = {},
) {
  const log: LogEntry[] = [];
  const logged = (entries: readonly LogEntry[]) => log.push(...entries);
  await using transform = await opened(source, { ...options, logged });
  const routes: (readonly [StampedEvent, RouteOverride])[] = [];
  const results = await transform.apply(events, { signal: never, route: (...route) => routes.push(route) });
  return { results, routes, log };
}

async function made(
  source: string,
  event = stamped(1),
  options: Partial<ScriptThreadOptions> = {},
): Promise<unknown> {
  const { results } = await ran(source, [event], options);
  const [result] = results;
  return result instanceof DStreamError ? result.message : result;
}

/** Runs what is in the column `body`: one thread for many scripts. */
let interpreter: ScriptTransform;
beforeAll(async () => {
  interpreter = await opened(`export default (change, context) =>
    new Function('change', 'context', '"use strict";' + change.data.body)(change, context);`);
});
afterAll(async () => interpreter[Symbol.asyncDispose]());

const apply = (body: string) => `export default function (change, context) { ${body} }`;

describe('a script', () => {
  test('returns the change, another one, several or none', async () => {
    const source = apply(`
      const { N } = change.data;
      if (N === 1) return change;
      if (N === 2) { change.data.Name = 'new'; return change; }
      if (N === 3) return null;
      if (N === 4) return [change, { ...change, data: { N: 40 } }];
      return { ...change, data: { ...change.data, Added: true } };
    `);
    const events = [1, 2, 3, 4, 5].map((n) => stamped(n));
    const { results } = await ran(source, events);
    expect(results[0]).toEqual([events[0]]);
    expect(results).toEqual([
      [events[0]],
      [{ ...events[1], data: { N: 2, Name: 'new' } }],
      [],
      [events[3], { ...events[3], data: { N: 40 } }],
      [{ ...events[4], data: { N: 5, Name: 'n5', Added: true } }],
    ]);
  });

  test('a change that it leaves as it is, or reads and copies, stays the same object', async () => {
    const bodies = [
      'return change',
      'change.metadata.table; return change',
      'return { ...change }',
      'change.data = { ...change.data }; return change',
      'return JSON.parse(JSON.stringify(change))',
    ];
    const events = bodies.map((body) => ({ ...updated(1), data: { body } }));
    const results = await interpreter.apply(events, { signal: never, route: () => undefined });
    expect(results.map((result, index) => (result as readonly StampedEvent[])[0] === events[index])).toEqual(
      bodies.map(() => true),
    );
  });

  test('sees before and metadata, and may replace what is about values', async () => {
    const source = apply(`
      const { operation, changed, key, table } = change.metadata;
      return { data: { operation, changed: changed.join(), key: key.N, table, old: change.before.Name },
               metadata: { ...change.metadata, operation: 'insert', changed: undefined } };
    `);
    const { changed: _changed, ...metadata } = updated(1).metadata;
    expect(await made(source, updated(1))).toEqual([
      {
        data: { operation: 'update', changed: 'Name', key: 1, table: 'T', old: 'old' },
        metadata: { ...metadata, operation: 'insert' },
      },
    ]);
  });

  test.each([
    ['', 'TypeError: the script returned nothing; return the change, or null to drop it'],
    [
      'return 5',
      'TypeError: the script returned a number; return the change, a list of changes, or null to drop it',
    ],
    [
      'return [null]',
      'TypeError: the script returned null in a list; return the change, a list of changes, or null to drop it',
    ],
    [
      'return Promise.resolve(change)',
      'TypeError: the script returned a promise; it has to answer at once: remove async and await',
    ],
    ['throw new RangeError("too " + change.data.N)', 'RangeError: too 1 ('],
    ['throw "text"', 'it threw text'],
    ['throw { toString() { throw 1 } }', 'it threw something that cannot be shown'],
    [
      'change.data.N = NaN; return change',
      'TypeError: column N is NaN, which JSON does not have; use null or a text',
    ],
    [
      'change.data.N = { list: [1, NaN] }; return change',
      'TypeError: column 1 is NaN, which JSON does not have',
    ],
    [
      'change.data.N = { list: [1, -Infinity] }; return change',
      'column 1 is -Infinity, which JSON does not have',
    ],
    ['return { ...change, data: { N: 1 / 0 } }', 'TypeError: column N is Infinity, which JSON does not have'],
    ['change.data.N = 10n; return change', 'TypeError: '],
    ['return { ...change, data: [1] }', 'the returned change has no data'],
    ['return {}', 'the returned change has no data'],
    [
      'return { ...change, metadata: { ...change.metadata, id: "x" } }',
      'the returned change has another metadata.id than the change it is made of; leave it as it is',
    ],
    [
      'return { ...change, metadata: { ...change.metadata, key: null } }',
      'the returned change has another metadata.key',
    ],
    ['change.metadata.operation = "delete"; return change', 'TypeError: '],
    ['change.extra = 1; return change', 'the returned change has another field extra'],
    ['return [change, { ...change, extra: 1 }]', 'the returned change 2 of 2 has another field extra'],
    ['context.route(5); return change', 'TypeError: context.route takes the name of an output'],
    [
      'context.route({}, "bus"); return change',
      'TypeError: context.route was called for a change that is not returned',
    ],
    ['context.uuid(); return change', 'TypeError: context.uuid needs a seed'],
    ['Promise.resolve().then(() => {}); return change', 'it left work for later (a promise)'],
    ['return import("fs")', 'it left work for later (a promise)'],
  ])('%s fails', async (body, message) => {
    const [result] = await interpreter.apply([stamped(1, { N: 1, body })], {
      signal: never,
      route: () => undefined,
    });
    expect(result).toMatchObject({
      code: 'TransformFailed',
      message: expect.stringContaining(message) as string,
    });
  });

  test('a change that fails does not hurt the others', async () => {
    const source = apply(`if (change.data.N === 2) throw new Error('no'); return change;`);
    const events = [1, 2, 3].map((n) => stamped(n));
    const { results } = await ran(source, events);
    expect(results).toEqual([[events[0]], expect.objectContaining({ code: 'TransformFailed' }), [events[2]]]);
  });

  test('an abort does not wait for a script that computes; the next call does', async () => {
    await using transform = await opened(apply('if (change.data.N === 1) for (;;); return change'), {
      cpuMs: 3_000,
    });
    const abort = new AbortController();
    const options = { signal: abort.signal, route: () => undefined };
    const first = transform.apply([stamped(1)], options);
    const second = transform.apply([stamped(2)], { ...options, signal: never });
    const startedMs = performance.now();
    setTimeout(() => abort.abort(new Error('stopped')), 20);
    await expect(first).rejects.toThrow('stopped');
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(await second).toEqual([[stamped(2)]]);
  }, 30_000);

  test('a change of an earlier call cannot stand for another one', async () => {
    const source = `let kept; export default (change) => {
      if (kept === undefined) { kept = change; return change; }
      return change.data.N === 2 ? kept : { ...kept };
    };`;
    const { results } = await ran(source, [stamped(1), stamped(2), stamped(3)]);
    const refused = {
      code: 'TransformFailed',
      message: expect.stringContaining('a change of an earlier call was used'),
    };
    expect(results.slice(1)).toEqual([expect.objectContaining(refused), expect.objectContaining(refused)]);
  });

  test('values arrive exactly and leave exactly', async () => {
    const data = {
      big: '9223372036854775807',
      float: 1e300,
      tiny: 5e-324,
      max: 2 ** 53 - 1,
      zero: 0,
      flag: false,
      none: null,
      text: '\u0000"\\\n\u2028😀\uD800',
      __proto__: 'x',
      constructor: 'y',
      toJSON: 'z',
    };
    const event = stamped(1, JSON.parse(JSON.stringify(data)) as StampedEvent['data']);
    expect(await made(apply('change.data.N = 1; return change'), event)).toEqual([
      { ...event, data: { ...event.data, N: 1 } },
    ]);
  });
});

describe('the context', () => {
  test('hashes as the transform columns does, and names by a seed', async () => {
    const source = apply(`return { ...change, data: {
      plain: context.hash('abc'), salted: context.hash('c', 'ab'), number: context.hash(5), none: context.hash(null),
      uuid: context.uuid('seed'), same: context.uuid('seed') === context.uuid('seed'), other: context.uuid('other') } }`);
    expect(await made(source)).toMatchObject([
      {
        data: {
          plain: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
          salted: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
          number: 'ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d',
          none: null,
          uuid: expect.stringMatching(
            /^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
          ) as string,
          same: true,
        },
      },
    ]);
  });

  test('masks', async () => {
    const source = apply(`const { maskEmail: e, maskPhone: p, maskDate: d } = context;
      return { ...change, data: { a: e('diana@example.org'), b: e('odd'), c: e(null), d: p('+49 170 1234567'), e: p('12345', 4), f: p(null),
        g: d('1980-05-17'), h: d('1980-05-17T10:11:12.5+02:00', 'month'), i: d('May'), j: d(null) } }`);
    expect(await made(source)).toMatchObject([
      {
        data: {
          a: 'd***@example.org',
          b: '***',
          c: null,
          d: '+** *** *****67',
          e: '*2345',
          f: null,
          g: '1980-01-01',
          h: '1980-05-01T00:00:00.0+00:00',
          i: '***',
          j: null,
        },
      },
    ]);
  });

  test('logs', async () => {
    const { log } = await ran(apply('context.log("a", 1, { b: 2 }); context.log.info("c"); return change'), [
      stamped(1),
    ]);
    expect(log).toEqual([
      { level: 'debug', message: 'a 1 {"b":2}' },
      { level: 'info', message: 'c' },
    ]);
  });

  test('routes all that is returned, or one of several', async () => {
    const source = apply(`
      if (change.data.N === 1) { context.route('bus'); return change; }
      const other = { ...change, data: { N: 20 } };
      context.route(other, 'hook', { destination: 'big' });
      context.route(other, 'bus');
      return [change, other];`);
    const events = [stamped(1), stamped(2)] as const;
    const { results, routes } = await ran(source, events);
    const other = (results[1] as readonly StampedEvent[])[1];
    expect(routes.map(([event, to]) => [event === events[0], event === other, to])).toEqual([
      [true, false, { output: 'bus' }],
      [false, true, { output: 'hook', destination: 'big' }],
      [false, true, { output: 'bus' }],
    ]);
  });

  test('has no clock and no chance unless it is given', async () => {
    const bodies = [
      'Date.now()',
      'new Date()',
      'Date()',
      'Math.random()',
      'new (new Date(0).constructor)()',
      'Reflect.construct(Date, [])',
    ];
    const events = bodies.map((body) => stamped(1, { body }));
    const results = await interpreter.apply(events, { signal: never, route: () => undefined });
    const messages = results.map((result) => (result instanceof DStreamError ? result.message : 'no error'));
    for (const [index, message] of messages.entries())
      expect(message, bodies[index]).toContain('is not available');
    expect(
      await made(
        apply(
          'change.data.D = new Date("2026-01-02").toISOString() + new Date(2026, 0).getTimezoneOffset(); return change',
        ),
      ),
    ).toMatchObject([{ data: { D: '2026-01-02T00:00:00.000Z0' } }]);
    const given = apply(
      'change.data.D = Date.now() > 1.7e12 && new Date() > 1.7e12 && Math.random() < 1; return change',
    );
    expect(await made(given, stamped(1), { allowClock: true })).toMatchObject([{ data: { D: true } }]);
  });

  test('has no input and no output', async () => {
    const names = [
      'process',
      'require',
      'fetch',
      'setTimeout',
      'console',
      'performance',
      'WeakRef',
      'queueMicrotask',
      'WebAssembly',
      'navigator',
      'os',
      'std',
    ];
    const source = apply(
      `return { ...change, data: { found: ${JSON.stringify(names)}.filter((name) => name in globalThis).join() } }`,
    );
    expect(await made(source)).toMatchObject([{ data: { found: '' } }]);
  });
});

describe('batch', () => {
  const batch = (body: string) => `export function batch(changes, context) { ${body} }`;

  test('returns a list as long as its input', async () => {
    const source = batch(`return changes.map((change, i) => {
      if (i === 0) return change;
      if (i === 1) return null;
      const made = { ...change, data: { total: changes.length } };
      context.route(made, 'bus', { destination: 'd' });
      return i === 2 ? made : [change, made];
    })`);
    const events = [1, 2, 3, 4].map((n) => stamped(n));
    const { results, routes } = await ran(source, events);
    expect(results).toEqual([
      [events[0]],
      [],
      [{ ...events[2], data: { total: 4 } }],
      [events[3], { ...events[3], data: { total: 4 } }],
    ]);
    expect(routes.map(([event]) => event.metadata.id)).toEqual(['c3', 'c4']);
  });

  test.each([
    [
      'return changes.slice(1)',
      'TypeError: batch returned a list of 1 for 2 changes; element i is what became of change i',
    ],
    ['return null', 'TypeError: batch returned no list for 2 changes'],
    ['changes.pop(); return changes', 'TypeError: batch returned a list of 1 for 2 changes'],
    ['throw new Error("no")', 'Error: no'],
    ['context.route("bus"); return changes', 'TypeError: in batch, context.route takes the change first'],
    ['return [undefined, null]', 'TypeError: the script returned nothing'],
  ])('%s fails as a whole', async (body, message) => {
    await expect(ran(batch(body), [stamped(1), stamped(2)])).rejects.toMatchObject({
      code: 'TransformFailed',
      message: expect.stringContaining(message) as string,
    });
  });

  test('gets a hundred changes at a time, at most', async () => {
    const events = Array.from({ length: 250 }, (_, n) => stamped(n));
    const { results } = await ran(
      batch('return changes.map((c) => ({ data: { size: changes.length } }))'),
      events,
    );
    const sizes = results.map((result) => (result as readonly StampedEvent[])[0]?.data?.['size']);
    expect(sizes).toEqual(events.map((_, n) => (n < 200 ? 100 : 50)));
  });
});

describe('a script that cannot be used', () => {
  test.each([
    ['export default function (change) {\n  return change +;\n}', 't.js:2:'],
    [
      'export const x = 1;',
      't.js exports neither a default function nor batch; write: export default function (change, context) { return change; }',
    ],
    ['export default 5;', 't.js exports neither'],
    [
      'export default (c) => c; export const batch = (c) => c;',
      't.js exports a default function and batch; keep one of them',
    ],
    ['export default async (c) => c;', 't.js exports an async function or a generator'],
    ['export default function* (c) { yield c; }', 't.js exports an async function or a generator'],
    ['\n\nthrow new Error("top");', 't.js:3:'],
    ['null.x;', 't.js:1:'],
    ['import fs from "node:fs"; export default (c) => c;', 't.js'],
    ['await new Promise(() => {}); export default (c) => c;', 't.js waits for something (await)'],
    ['while (true);', 't.js cannot be loaded: it used more CPU time than it may (100 ms of loading)'],
    ['const a = []; for (;;) a.push(new Array(1000).fill(0));', 't.js cannot be loaded: it used more'],
    [
      'new Array(4294967295).join("x");',
      't.js cannot be loaded: it used more CPU time than it may (100 ms) and could not be interrupted',
    ],
    ['Date.now(); export default (c) => c;', 't.js:1:'],
  ])('%s', async (source, message) => {
    await expect(ran(source, [], { loadMs: 100 })).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringContaining(message) as string,
    });
  });
});

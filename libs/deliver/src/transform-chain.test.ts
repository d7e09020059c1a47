import {
  DStreamError,
  type StampedEvent,
  type Transform,
  type TransformCall,
  type Transformed,
} from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { Metrics } from '@dstream/runtime';
import { silentLog, type Log } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { routed } from '../../../test/support/processor-rig.ts';
import { processorMetrics } from './processor-metrics.ts';
import { TransformChain } from './transform-chain.ts';
import { TransformMonitor, type ConfiguredTransform } from './transform-monitor.ts';

type Apply = (events: readonly StampedEvent[], call: TransformCall) => readonly Transformed[];

const never = new AbortController().signal;

function transformOf(apply: Apply, options: Partial<ConfiguredTransform> = {}): ConfiguredTransform {
  const transform: Transform = {
    // eslint-disable-next-line typescript/require-await -- what it throws has to reject
    apply: async (events, call) => apply(events, call),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { name: 't', type: 'test', match: {}, onError: 'dead_letter', transform, ...options };
}

/** Each change by itself. */
function each(one: (event: StampedEvent, call: TransformCall) => Transformed): Apply {
  return (events, call) => events.map((event) => one(event, call));
}

function chainOf(...transforms: readonly ConfiguredTransform[]) {
  const clock = new ManualClock();
  const metrics = processorMetrics(new Metrics());
  const lines: string[] = [];
  const log: Log = {
    ...silentLog,
    error: (line) => void lines.push(line),
    info: (line) => void lines.push(line),
  };
  const monitors = transforms.map(
    (one) => new TransformMonitor(one, { clock, log, metrics: metrics.transform(one.name) }),
  );
  const giveUp = new AbortController();
  const another = (session: string) =>
    new TransformChain({
      transforms: monitors,
      clock,
      hash: (text) => text,
      random: () => 0.5,
      session,
      giveUp: giveUp.signal,
    });
  return {
    chain: another('s'),
    another,
    clock,
    giveUp,
    lines,
    reports: () => monitors.map((monitor) => monitor.report()),
  };
}

const changes = [1, 2, 3, 4].map(routed);
const withData = (event: StampedEvent, value: number): StampedEvent => ({ ...event, data: { value } });
const failure = new DStreamError('TransformFailed', 'no');

describe('a chain of transforms', () => {
  test('a change that nothing touches is the same object', async () => {
    const { chain } = chainOf(transformOf(each((event) => [event])));
    const { changes: got, failures } = await chain.apply(changes, never);
    expect(got.map((change, index) => change === changes[index])).toEqual([true, true, true, true]);
    expect(failures).toEqual([]);
  });

  test('transforms are applied in order, and the line is written anew', async () => {
    const { chain } = chainOf(
      transformOf(each((event) => [withData(event, 1)])),
      transformOf(each((event) => [withData(event, Number(event.data?.['value']) + 1)])),
    );
    const { changes: got } = await chain.apply(changes.slice(0, 1), never);
    expect(got.map(({ event }) => event.data)).toEqual([{ value: 2 }]);
    expect(JSON.parse(new TextDecoder().decode(got[0]?.line))).toEqual(got[0]?.event);
    expect(got[0]?.madeOf).toBe(changes[0]);
  });

  test('a change whose numbers were rounded when it was read fails, unless no transform gets it', async () => {
    const rounded = (n: number) => ({ ...routed(n), line: Buffer.from('{"n":12345678901234567890}') });
    const seen: string[] = [];
    const apply = each((event) => {
      seen.push(event.metadata.id);
      return [withData(event, 1)];
    });
    const { chain } = chainOf(transformOf(apply, { match: { operations: ['insert'] } }));
    const other = rounded(4);
    const update = {
      ...other,
      event: { ...other.event, metadata: { ...other.event.metadata, operation: 'update' as const } },
    };
    const { changes: got, failures } = await chain.apply([routed(1), rounded(2), routed(3), update], never);
    expect(seen).toEqual(['c1', 'c3']);
    expect(got.map(({ event }) => event.metadata.id)).toEqual(['c1', 'c3', 'c4']);
    expect(got[2]).toBe(update);
    expect(
      failures.map(({ change, error }) => [change.event.metadata.id, error.code, error.message]),
    ).toEqual([
      [
        'c2',
        'TransformFailed',
        'transform t: the change has a number in "n" with more digits than a double holds; its producer has to write a string',
      ],
    ]);
  });

  test('changes that do not match pass it by, in their places', async () => {
    const gone = transformOf(
      each(() => []),
      { match: { operations: ['delete'] } },
    );
    const { chain } = chainOf(gone);
    const middle = { ...changes[1]!, event: { ...changes[1]!.event } };
    const deleted = {
      ...middle,
      event: { ...middle.event, metadata: { ...middle.event.metadata, operation: 'delete' as const } },
    };
    const { changes: got } = await chain.apply([changes[0]!, deleted, changes[2]!], never);
    expect(got).toEqual([changes[0], changes[2]]);
  });

  test('several that are made of one get ids of their own, and keep its position and place', async () => {
    const { chain } = chainOf(transformOf(each((event) => [withData(event, 1), withData(event, 2)])));
    const { changes: got } = await chain.apply(changes.slice(0, 1), never);
    const { id, position } = changes[0]!.event.metadata;
    expect(got.map(({ event, index }) => [event.metadata.id, event.metadata.position, index])).toEqual([
      [`${id}.1`, position, 0],
      [`${id}.2`, position, 0],
    ]);
  });

  test('a change that fails is named, and nothing made of it goes on', async () => {
    const twice = transformOf(each((event) => [event, { ...event }]));
    let calls = 0;
    const second = transformOf(each((event) => (++calls === 4 ? failure : [event])));
    const { chain } = chainOf(twice, second);
    const { changes: got, failures } = await chain.apply(changes, never);
    expect(got.map(({ index, messageId }) => [index, messageId])).toHaveLength(6);
    expect(failures.map(({ change, error }) => [change, error.code, error.message])).toEqual([
      [changes[1], 'TransformFailed', 'transform t: no'],
    ]);
    expect(got.some(({ madeOf }) => madeOf === changes[1])).toBe(false);
  });

  test.each([
    ['drop', 3],
    ['pass', 4],
  ] as const)('on_error = "%s" leaves %i changes and no failure', async (onError, left) => {
    const { chain, reports } = chainOf(
      transformOf(
        each((event) => (event === changes[1]!.event ? failure : [event])),
        { onError },
      ),
    );
    const { changes: got, failures } = await chain.apply(changes, never);
    expect(got).toHaveLength(left);
    expect(failures).toEqual([]);
    expect(reports()[0]).toMatchObject({ unchanged: 3, failed: 1, lastError: { code: 'TransformFailed' } });
  });

  test('a batch that is refused as a whole is bisected down to the change that causes it', async () => {
    const sizes: number[] = [];
    const refusing = transformOf((events) => {
      sizes.push(events.length);
      if (events.includes(changes[2]!.event)) throw new TypeError('cannot read it');
      return events.map((event) => [event]);
    });
    const { chain } = chainOf(refusing);
    const { changes: got, failures } = await chain.apply(changes, never);
    expect(got).toEqual([changes[0], changes[1], changes[3]]);
    expect(failures.map(({ change }) => change)).toEqual([changes[2]]);
    expect(sizes).toEqual([4, 2, 2, 1, 1]);
  });

  test('a result of another length is a failure of the batch', async () => {
    const { chain } = chainOf(transformOf((events) => events.slice(1).map((event) => [event])));
    const { failures } = await chain.apply(changes.slice(0, 1), never);
    expect(failures[0]?.error.message).toBe('transform t: the transform t returned 0 results for 1 changes');
  });

  test('a transient error is retried with the same changes', async () => {
    let failures = 2;
    const seen: number[] = [];
    const away = transformOf((events) => {
      seen.push(events.length);
      if (failures-- > 0) throw new DStreamError('Unreachable', 'away');
      return events.map((event) => [event]);
    });
    const { chain, clock } = chainOf(away);
    const applied = chain.apply(changes, never);
    await clock.advance(10_000);
    expect((await applied).changes).toEqual(changes);
    expect(seen).toEqual([4, 4, 4]);
  });

  test('what it is down with is logged once for all sessions', async () => {
    let isAway = true;
    const away = transformOf((events) => {
      if (isAway) throw new DStreamError('Unreachable', 'away');
      return events.map((event) => [event]);
    });
    const { chain, another, clock, lines } = chainOf(away);
    const sessions = [chain, ...Array.from({ length: 99 }, (_, n) => another(`s${n}`))];
    const applied = sessions.map((session) => session.apply(changes, never));
    await clock.advance(60_000);
    expect(lines.filter((line) => line === 'transform t failed; retrying')).toHaveLength(1);
    isAway = false;
    await clock.advance(5_000);
    expect((await Promise.all(applied)).map((one) => one.changes.length)).toEqual(sessions.map(() => 4));
    expect(lines.at(-1)).toBe('transform t recovered');
  });

  test('after giveUp it is not retried any more', async () => {
    const { chain, giveUp } = chainOf(
      transformOf(() => {
        throw new DStreamError('Unreachable', 'away');
      }),
    );
    giveUp.abort(new Error('stopping'));
    await expect(chain.apply(changes, never)).rejects.toThrow('away');
  });

  test('a transform chooses the outputs of what it returns', async () => {
    const choosing = transformOf(
      each((event, call) => {
        if (event === changes[0]!.event) return [event];
        const made = withData(event, event.metadata.sequence);
        call.route(made, { output: 'a' });
        call.route(made, { output: 'b', destination: 'q' });
        return [made];
      }),
    );
    const { chain } = chainOf(choosing, transformOf(each((event) => [{ ...event }])));
    const { changes: got } = await chain.apply(changes.slice(0, 2), never);
    expect(got.map(({ to }) => to && [...to])).toEqual([
      undefined,
      [
        ['a', undefined],
        ['b', 'q'],
      ],
    ]);
  });
});

import { systemClock } from '@dstream/async';
import {
  DStreamError,
  silentLog,
  type StampedEvent,
  type Transform,
  type TransformCall,
  type Transformed,
} from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../test/support/a-change.ts';
import { Trial, type TrialOptions } from './trial.ts';

type Config = TrialOptions['processor'];
type Apply = (event: StampedEvent, call: TransformCall) => Transformed;

const services = {
  clock: systemClock,
  log: silentLog,
  random: () => 0.5,
  hash: (text: string) => text,
  credential: () => {
    throw new Error('nobody signs in here');
  },
};

function transformOf(name: string, apply: Apply, onError: 'dead_letter' | 'drop' | 'pass' = 'dead_letter') {
  const transform: Transform = {
    // eslint-disable-next-line typescript/require-await -- what it throws has to reject
    apply: async (events, call) => events.map((event) => apply(event, call)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return {
    path: '',
    name,
    type: 'test',
    match: {},
    onError,
    settings: {},
    open: () => Promise.resolve(transform),
  };
}

const outputs = ['a', 'b'].map((name) => ({
  path: '',
  name,
  type: 'test',
  required: true,
  bufferBytes: 0,
  maxInFlight: undefined,
  timeoutMs: undefined,
  retry: { firstMs: 200, maxMs: 3_000 },
  envelope: 'dstream',
  settings: {},
  open: () => Promise.reject(new Error('an output is opened')),
})) as Config['outputs'];

async function tried(processor: Partial<Config>, only?: string, count = 1) {
  const config = { transforms: [], routes: [], defaultOutputs: undefined, outputs, ...processor };
  await using trial = await Trial.open({ processor: config, services, only });
  const changes = Array.from({ length: count }, (_, index) => {
    const { data, metadata } = aChange(index);
    const event: StampedEvent = { data, metadata: { ...metadata, generation: 1, epoch: 1 } };
    return { event, text: `line ${index}` };
  });
  return await trial.apply(changes, new AbortController().signal);
}

const refuse = () => new DStreamError('TransformFailed', 'no');
const twice: Apply = (event) => [{ ...event }, { ...event }];

describe('a trial', () => {
  test('shows what each change becomes, with its line and the outputs of its routes', async () => {
    const route = { path: '', name: 'r', match: {}, when: undefined, outputs: ['b'] };
    const [first, second] = await tried(
      {
        transforms: [transformOf('t', (event) => (event.data?.['N'] === 0 ? [event] : twice(event, never)))],
        routes: [route],
      },
      undefined,
      2,
    );
    expect(first).toMatchObject({ made: [{ text: 'line 0', route: [{ output: 'b' }] }], failures: [] });
    expect(second?.made.map(({ event }) => event.metadata.id)).toEqual(['c1.1', 'c1.2']);
    expect(second?.made.map(({ text }) => JSON.parse(text) as unknown)).toEqual(
      second?.made.map(({ event }) => event),
    );
  });

  test('names all outputs without routes, and none where a route drops', async () => {
    const [all] = await tried({});
    expect(all?.made[0]?.route).toEqual([{ output: 'a' }, { output: 'b' }]);
    const [none] = await tried({ defaultOutputs: [] });
    expect(none?.made[0]?.route).toEqual([]);
  });

  test('of one transform leaves the others and the routes out, but shows what the transform chooses', async () => {
    const chosen: Apply = (event, call) => {
      call.route(event, { output: 'b' });
      return [event];
    };
    const transforms = [
      transformOf('refuses', refuse),
      transformOf('keeps', (event) => [event]),
      transformOf('routes', chosen),
    ];
    expect((await tried({ transforms }, 'keeps'))[0]).toMatchObject({
      made: [{ route: null }],
      failures: [],
    });
    expect((await tried({ transforms }, 'routes'))[0]?.made[0]?.route).toEqual([{ output: 'b' }]);
  });

  test.each([
    ['dead_letter', 0],
    ['drop', 0],
    ['pass', 1],
  ] as const)('shows a failure that on_error = "%s" settles', async (onError, made) => {
    const [one] = await tried({ transforms: [transformOf('t', refuse, onError)] });
    expect(one?.failures).toEqual([
      { transform: 't', code: 'TransformFailed', reason: 'no', outcome: onError },
    ]);
    expect(one?.made).toHaveLength(made);
  });

  test('makes one attempt: a transient error is a failure of all changes of the call', async () => {
    const down: Apply = () => {
      throw new DStreamError('Unreachable', 'it is down');
    };
    const results = await tried({ transforms: [transformOf('t', down)] }, undefined, 2);
    const failure = { transform: null, code: 'Unreachable', reason: 'it is down', outcome: 'retry' };
    expect(results.map(({ failures }) => failures)).toEqual([[failure], [failure]]);
  });

  test('refuses all that was made of a change when an output is chosen that is not there', async () => {
    const astray: Apply = (event, call) => {
      const [first, second] = [{ ...event }, { ...event }];
      call.route(second, { output: 'x' });
      return [first, second];
    };
    const [one] = await tried({ transforms: [transformOf('t', astray)] });
    expect(one).toMatchObject({ made: [], failures: [{ transform: null, outcome: 'dead_letter' }] });
  });
});

const never: TransformCall = { signal: new AbortController().signal, route: () => undefined };

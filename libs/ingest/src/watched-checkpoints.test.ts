import {
  DStreamError,
  silentLog,
  type Checkpoint,
  type CheckpointStore,
  type Log,
  type LogFields,
  type PartitionId,
  type Position,
} from '@dstream/core';
import { expect, test } from 'vitest';
import { setup as setupReplicas } from '../../../test/support/ingester-rig.ts';
import { WatchedCheckpoints } from './checkpoint-keeper.ts';

const never = { signal: new AbortController().signal };
const partition = 's/d/dbo.T' as PartitionId;
const lease = { partition, epoch: 1, goodUntilMs: 1e9, acquiredAtMs: 5_000 };

function at(position: string): Checkpoint {
  return { at: { position: position as Position, token: position }, generation: 1 };
}

function setup() {
  let stored: Checkpoint | undefined;
  const logged: { sentence: string; fields: LogFields | undefined }[] = [];
  const store: CheckpointStore = {
    load: () => Promise.resolve(stored),
    save: (checkpoint) => {
      stored = checkpoint;
      return Promise.resolve();
    },
  };
  const error = (sentence: string, fields?: LogFields) => void logged.push({ sentence, fields });
  const checkpoints = new WatchedCheckpoints(store, { ...silentLog, error });
  const put = (checkpoint: Checkpoint | undefined) => (stored = checkpoint);
  return { checkpoints, put, logged };
}

test.each([
  ['is gone', undefined, 'saved checkpoint is gone; restarting the table from the beginning'],
  ['is older', at('a'), 'saved checkpoint has moved back'],
])('a checkpoint that %s is reported once, and used as it is', async (_, found, sentence) => {
  const { checkpoints, put, logged } = setup();
  await checkpoints.save(at('b'), lease, never);
  put(found);
  expect(await checkpoints.load(partition, never)).toEqual(found);
  await checkpoints.load(partition, never);
  expect(logged).toMatchObject([
    { sentence, fields: { table: 'dbo.T', saved: { generation: 1, position: 'b' } } },
  ]);
});

test('one that another replica has moved on is not', async () => {
  const { checkpoints, put, logged } = setup();
  expect(await checkpoints.load(partition, never)).toBeUndefined();
  await checkpoints.save(at('b'), lease, never);
  put(at('c'));
  expect(await checkpoints.load(partition, never)).toEqual(at('c'));
  expect(logged).toEqual([]);
});

test('an ingester that acquires a table again reports that its checkpoint is gone', async () => {
  const world = setupReplicas(['A']);
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (sentence) => void errors.push(sentence), child: () => log };
  const replica = world.start('r1', log);
  world.source.write('A', 3);
  await world.clock.advance(5_000);
  const { store } = replica;
  const renew = store.renew.bind(store);
  store.renew = () => Promise.reject(new DStreamError('LeaseLost', 'another replica has it'));
  store.load = () => Promise.resolve(undefined);
  await world.clock.advance(12_000);
  store.renew = renew;
  await world.clock.advance(60_000);
  expect(errors).toContain('saved checkpoint is gone; restarting the table from the beginning');
  await replica.stop();
});

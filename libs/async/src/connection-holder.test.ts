import { DStreamError, silentLog } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { beforeEach, describe, expect, test } from 'vitest';
import { allClosed, close, ConnectionHolder, type Closable } from './connection-holder.ts';

class Connection implements Closable {
  closed = 0;
  fails: Error | undefined;
  hangs = false;

  close(): Promise<void> {
    this.closed += 1;
    if (this.hangs) return new Promise(() => undefined);
    return this.fails === undefined ? Promise.resolve() : Promise.reject(this.fails);
  }
}

describe('a held connection', () => {
  let opened: Connection[];
  let logged: unknown[];
  let clock: ManualClock;
  let holder: ConnectionHolder<Connection>;

  beforeEach(() => {
    [opened, logged, clock] = [[], [], new ManualClock()];
    const open = () => {
      const connection = new Connection();
      opened.push(connection);
      return connection;
    };
    const debug = (sentence: string, fields?: object) => void logged.push([sentence, fields]);
    holder = new ConnectionHolder({ what: 'hub h', open, clock, log: { ...silentLog, debug } });
  });

  const closed = () => opened.map((connection) => connection.closed);

  test('is opened by its first use, shared, and outlives its uses', async () => {
    expect(opened).toHaveLength(0);
    const [a, b] = [holder.acquire(), holder.acquire()];
    await holder.use(async ({ connection }) => expect(connection).toBe(a.connection));
    expect(b.connection).toBe(a.connection);
    for (const use of [a, b]) use.release();
    expect(closed()).toEqual([0]);
    await holder[Symbol.asyncDispose]();
    expect(closed()).toEqual([1]);
  });

  test('that is distrusted is replaced for the next use, and closed after its last one', async () => {
    const [a, b] = [holder.acquire(), holder.acquire()];
    a.distrust();
    const c = holder.acquire();
    expect(c.connection).not.toBe(a.connection);
    a.release();
    a.release();
    expect(closed()).toEqual([0, 0]);
    b.release();
    expect(closed()).toEqual([1, 0]);
  });

  test('is not replaced again by those that are still on the old one', () => {
    const [a, b] = [holder.acquire(), holder.acquire()];
    a.distrust();
    const c = holder.acquire();
    b.distrust();
    expect(holder.acquire().connection).toBe(c.connection);
  });

  test('that is distrusted after its last use is closed at once', () => {
    const use = holder.acquire();
    use.release();
    use.distrust();
    use.distrust();
    expect(closed()).toEqual([1]);
  });

  test('ends a use also when its work fails', async () => {
    const failing = holder.use(async ({ distrust }) => {
      distrust();
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(closed()).toEqual([1]);
  });

  test('that cannot be opened holds nothing, and is tried again by the next use', async () => {
    let broken = true;
    const open = () => {
      if (broken) throw new DStreamError('ConfigInvalid', 'no key');
      return new Connection();
    };
    const other = new ConnectionHolder({ what: 'hub h', open, clock, log: silentLog });
    expect(() => other.acquire()).toThrow('no key');
    broken = false;
    expect(other.acquire().connection).toBeInstanceOf(Connection);
    await other[Symbol.asyncDispose]();
  });

  test('is closed by disposal although it is in use; what was replaced has only a debug line', async () => {
    const [a] = [holder.acquire()];
    a.connection.fails = new Error('broken');
    a.distrust();
    a.release();
    const b = holder.acquire();
    b.connection.fails = new Error('stuck');
    await expect(holder[Symbol.asyncDispose]()).rejects.toThrow('stuck');
    b.release();
    expect(closed()).toEqual([1, 1]);
    expect(logged).toEqual([
      ['could not close replaced connection', { entity: 'hub h', error: a.connection.fails }],
    ]);
  });

  test('that never answers to its close is given up after five seconds', async () => {
    holder.acquire().connection.hangs = true;
    const disposed = expect(holder[Symbol.asyncDispose]()).rejects.toThrow(
      'the connection of hub h did not close within 5000 ms',
    );
    await clock.advance(5_000);
    await disposed;
    expect(clock.sleeping).toBe(0);
  });
});

test('all are closed before what failed is thrown: one error as it is, several together', async () => {
  const fails = (text: string) => Promise.reject(new Error(text));
  await expect(allClosed([fails('a'), Promise.resolve()], 'hub h')).rejects.toThrow('a');
  const both = allClosed([fails('a'), fails('b')], 'hub h');
  await expect(both).rejects.toMatchObject({
    message: 'hub h: 2 errors while closing',
    errors: { length: 2 },
  });
  await expect(close('a link', new Connection(), new ManualClock())).resolves.toBeUndefined();
});

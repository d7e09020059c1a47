import { createHash } from 'node:crypto';
import { decodeChange, noSourceObserver, silentLog, type ChangeEvent, type Log } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { expect, test } from 'vitest';
import { FakeCdcClient, lsn, type FakeRow } from '../../../../../test/support/fake-cdc-client.ts';
import { instance } from '../../../../../test/support/table-reader-rig.ts';
import { translateError } from '../client/translate-error.ts';
import { ForgivingWindows } from './forgiving-windows.ts';

const types = { Id: 'int', Name: 'nvarchar', Odd: 'vector' };
const columns = Object.entries(types).map(([name, type], i) => ({
  name,
  type,
  ordinal: i + 1,
  computed: false,
}));
const allBits = 0b111;
const oddBit = 0b100;
const row = (at: number, operation: number, mask: number): FakeRow => {
  const [start, seqval] = [lsn(at), lsn(at)];
  return { lsn: start, seqval, operation, mask: Buffer.from([mask]), values: [1, 'a', null] };
};
const rows = [row(2, 2, allBits), row(3, 3, oddBit), row(3, 4, oddBit), row(4, 1, allBits)];

/** The server cannot make text of the column Odd: it says `number` instead. */
function rig(number: number, key: readonly string[] = ['Id']) {
  const client = new FakeCdcClient([instance(rows, { columns, key })], lsn(4));
  client.before = ({ text }) => {
    const cause = Object.assign(new Error('as the server says it'), { number });
    if (text.includes('CONVERT(nvarchar(max), [Odd])'))
      throw translateError(cause, { place: 'db1', database: 'shop', who: { user: 'me' } });
  };
  const warnings: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (sentence, fields) => warnings.push(`${sentence}: ${String(fields?.['columns'])}`),
    child: () => log,
  };
  const said = new Set<string>();
  const windows = () =>
    new ForgivingWindows(
      {
        client,
        said,
        table: { source: 'db1', database: 'shop', schema: 'dbo', table: 'Persons' },
        instance: instance(rows, { columns, key }),
        limits: { maxRows: 100, maxBytes: 1_000 },
        hash: (text) => createHash('sha256').update(text).digest('hex'),
        clock: new ManualClock(),
        observer: noSourceObserver,
      },
      log,
    );
  const read = async (): Promise<readonly ChangeEvent[]> => {
    const events: ChangeEvent[] = [];
    const from = { kind: 'scanned', mode: 'functions', lsn: lsn(1) } as const;
    for await (const { changes } of windows().read(from, lsn(4), true, new AbortController().signal))
      events.push(...changes.map(decodeChange));
    return events;
  };
  return { warnings, read };
}

test.each([529, 6522, 6263])(
  'a column that the server cannot make text of is unavailable, and its table goes on (error %i)',
  async (number) => {
    const { read, warnings } = rig(number);
    const [inserted, updated, deleted] = await read();
    expect(inserted?.data).toEqual({ Id: 1, Name: 'a' });
    expect(inserted?.metadata.unavailable).toEqual([{ in: 'data', columns: ['Odd'] }]);
    expect(updated).toMatchObject({ data: { Id: 1, Name: 'a' }, before: { Id: 1, Name: 'a' } });
    expect(updated?.metadata).toMatchObject({
      changed: ['Odd'],
      unavailable: [
        { in: 'data', columns: ['Odd'] },
        { in: 'before', columns: ['Odd'] },
      ],
    });
    expect(deleted?.metadata.unavailable).toEqual([{ in: 'data', columns: ['Odd'] }]);
    await read();
    expect(warnings).toEqual([
      'columns of a type that is not known are sent as text: Odd vector',
      'the server cannot make text of columns of a type that is not known: they are unavailable: Odd vector',
    ]);
  },
);

test('what has nothing to do with text stops the window', async () => {
  await expect(rig(823).read()).rejects.toMatchObject({ code: 'Unexpected' });
});

test('a key is not left out: changes without it would be applied to the wrong row', async () => {
  await expect(rig(529, ['Odd']).read()).rejects.toMatchObject({ message: expect.stringContaining('529') });
});

import { expect, test } from 'vitest';
import { lsn, type FakeRow } from '../../../../../test/support/fake-cdc-client.ts';
import { changesOf, instance, rig, upTo } from '../../../../../test/support/table-reader-rig.ts';
import { translateError } from '../client/sql-errors.ts';

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

/** The server cannot convert the column Odd to text: it answers with error `number`. */
function database(number: number, key: readonly string[] = ['Id']) {
  const { client, read, warnings } = rig([instance(rows, { columns, key })], 4);
  client.before = ({ text }) => {
    const cause = Object.assign(new Error('as the server says it'), { number });
    if (text.includes('CONVERT(nvarchar(max), [Odd])'))
      throw translateError(cause, { place: 'db1', database: 'shop', who: { user: 'me' } });
  };
  return { warnings, read: async () => changesOf(await upTo(read(), 4)) };
}

test.each([529, 6522, 6263])(
  'a column that the server cannot convert to text is unavailable, and its table continues (error %i)',
  async (number) => {
    const { read, warnings } = database(number);
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
      'columns of unknown types are converted to text: Odd vector',
      'columns of unknown types cannot be converted to text; they are unavailable: Odd vector',
    ]);
  },
);

test('an error that has nothing to do with conversion stops the table', async () => {
  await expect(database(823).read()).rejects.toMatchObject({ code: 'Unexpected' });
});

test('a key is not left out: changes without it would be applied to the wrong row', async () => {
  await expect(database(529, ['Odd']).read()).rejects.toMatchObject({
    message: expect.stringContaining('529'),
  });
});

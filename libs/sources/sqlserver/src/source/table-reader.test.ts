import type { ResumePoint } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { lsn } from '../../../../../test/support/fake-cdc-client.ts';
import { changesOf, instance, rig, row, upTo } from '../../../../../test/support/table-reader-rig.ts';

describe('a table reader', () => {
  test('gives an update both images, its changed columns and the commit time in UTC', async () => {
    const { read } = rig([instance([row(2, 5, 3, 1, 'Dina'), row(2, 5, 4, 1, 'Diana')])], 2);
    const [change] = changesOf(await upTo(read(), 2));
    expect(change).toEqual({
      data: { Id: 1, Name: 'Diana' },
      before: { Id: 1, Name: 'Dina' },
      metadata: {
        version: 2,
        id: `db1/shop/dbo.Persons:${lsn(2)}:${lsn(5)}:4`,
        source: 'sqlserver',
        server: 'db1',
        database: 'shop',
        schema: 'dbo',
        table: 'Persons',
        operation: 'update',
        key: { Id: 1 },
        changed: ['Name'],
        origin: { captureInstance: 'dbo_Persons', lsn: `0x${lsn(2)}`, seqval: `0x${lsn(5)}` },
        sequence: 1,
        committedAt: '2026-11-20T09:00:02.123Z',
        position: `${lsn(2)}:0000000001`,
      },
    });
  });

  test('a delete and an insert with one seqval are one update when the key is the same, else two changes', async () => {
    const same = [row(2, 1, 1, 1, 'a'), row(2, 1, 2, 1, 'b')];
    const moved = [row(3, 1, 1, 1, 'b'), row(3, 1, 2, 9, 'b')];
    const { read } = rig([instance([...same, ...moved])], 3);
    const changes = changesOf(await upTo(read(), 3));
    expect(changes.map((c) => [c.metadata.operation, c.data, c.before, c.metadata.changed])).toEqual([
      ['update', { Id: 1, Name: 'b' }, { Id: 1, Name: 'a' }, ['Name']],
      ['delete', { Id: 1, Name: 'b' }, undefined, undefined],
      ['insert', { Id: 9, Name: 'b' }, undefined, undefined],
    ]);
  });

  test('who reads on hears at once that the table can be read, also when nothing has happened', async () => {
    const { client, read } = rig([instance([row(2, 1, 2, 1)])], 5);
    const stored = (await upTo(read(), 5)).at(-1)?.end;
    client.statements.length = 0;
    expect((await read(stored).next()).value).toEqual({ changes: [], end: stored });
    expect(client.statements.filter(({ text }) => text.includes('fn_cdc_get_max_lsn'))).toHaveLength(1);
  });

  test('a trickle costs one probe and one read', async () => {
    const only = instance([]);
    const { client, clock, read } = rig([only], 2);
    const batches = read();
    await batches.next();
    await batches.next();
    client.statements.length = 0;
    only.rows.push(row(3, 1, 2, 1));
    client.max = lsn(3);
    const next = batches.next();
    await clock.advance(1_000);
    expect((await next).value?.changes).toHaveLength(1);
    expect(client.statements).toHaveLength(2);
  });

  test('a backlog of one-row transactions costs a bound and a page for every page', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => row(i + 2, 1, 2, i));
    const { client, read } = rig([instance(rows)], 21, { maxRows: 5 });
    await upTo(read(), 21);
    const asked = (part: string) => client.statements.filter(({ text }) => text.includes(part)).length;
    expect([asked('AS [bound]'), asked('fn_cdc_get_all_changes')]).toEqual([4, 4]);
  });

  test('a page whose last transaction goes beyond the bound is still one statement', async () => {
    const two = Array.from({ length: 9 }, (_, i) => [row(i + 2, 1, 2, i), row(i + 2, 2, 2, i)]).flat();
    const { client, read } = rig([instance(two)], 10, { maxRows: 5 });
    await upTo(read(), 10);
    const asked = (part: string) => client.statements.filter(({ text }) => text.includes(part)).length;
    expect([asked('AS [bound]'), asked('fn_cdc_get_all_changes')]).toEqual([3, 3]);
  });

  test('an idle table moves on and is asked less and less often', async () => {
    const { client, clock, read } = rig([instance([])], 2);
    const batches = read();
    expect((await batches.next()).value.end.position).toBe(`${lsn(0)}:~`);
    expect((await batches.next()).value.end.position).toBe(`${lsn(2)}:~`);
    client.statements.length = 0;
    client.max = lsn(7);
    const idle = batches.next();
    await clock.advance(1_000);
    expect((await idle).value).toMatchObject({ changes: [], end: { position: `${lsn(7)}:~` } });
    const never = batches.next();
    await clock.advance(1_000);
    expect(client.statements).toHaveLength(1);
    await clock.advance(1_000 + 4_000 + 4_000);
    expect(client.statements).toHaveLength(4);
    client.max = lsn(8);
    await clock.advance(4_000);
    expect((await never).value.end.position).toBe(`${lsn(8)}:~`);
    await batches.return(undefined);
    expect(clock.sleeping).toBe(0);
  });

  test('a token that is not its own is refused', async () => {
    const { read } = rig([instance([])], 2);
    const from = { position: '', token: '{"mode":"other"}' } as unknown as ResumePoint;
    await expect(read(from).next()).rejects.toMatchObject({ code: 'CheckpointUnreadable' });
  });
});

import { beforeEach, expect, test } from 'vitest';
import { captureTable, changesOf } from '../test-captured-table.ts';
import type { TestSession } from '../test-server.ts';

let db: TestSession;

beforeEach(async () => {
  ({ db } = await captureTable());
  await db.rows("INSERT T (Id, Name) VALUES (1, 'a'), (2, 'b'), (3, 'c')");
});

const SOURCE = "(VALUES (1, N'A'), (2, NULL), (4, N'd')) AS s (Id, Name)";
const rows = (): Promise<unknown[][]> => db.rows('SELECT Id, Name FROM T ORDER BY Id');

test('matched rows are updated or deleted, new ones inserted, others left or taken away', async () => {
  const { counts } = await db.run(`MERGE INTO dbo.T AS t USING ${SOURCE} ON t.Id = s.Id
    WHEN MATCHED AND s.Name IS NULL THEN DELETE
    WHEN MATCHED THEN UPDATE SET Name = s.Name
    WHEN NOT MATCHED BY TARGET THEN INSERT (Id, Name) VALUES (s.Id, s.Name)
    WHEN NOT MATCHED BY SOURCE AND t.Id > 2 THEN UPDATE SET t.Name = N'gone';`);
  expect(counts).toEqual([4]);
  expect(await rows()).toEqual([
    [1, 'A'],
    [3, 'gone'],
    [4, 'd'],
  ]);
});

test('its changes are captured as one command', async () => {
  await db.rows(`MERGE T USING ${SOURCE} ON T.Id = s.Id WHEN MATCHED AND s.Name IS NULL THEN DELETE
    WHEN MATCHED THEN UPDATE SET Name = s.Name WHEN NOT MATCHED THEN INSERT (Id, Name) VALUES (s.Id, s.Name);`);
  expect((await changesOf(db)).slice(3)).toEqual([
    [3, 1, 'a'],
    [4, 1, 'A'],
    [1, 2, 'b'],
    [2, 4, 'd'],
  ]);
  expect(await db.value('SELECT COUNT(DISTINCT __$command_id) FROM cdc.dbo_T_CT')).toBe(1);
});

test('without a clause for them rows stay as they are', async () => {
  await db.rows(
    `MERGE T USING ${SOURCE} ON T.Id = s.Id WHEN NOT MATCHED AND s.Id > 9 THEN INSERT (Id) VALUES (s.Id);`,
  );
  expect(await rows()).toHaveLength(3);
});

test('OUTPUT gives both sides of every row', async () => {
  expect(
    await db.rows(`MERGE T USING (SELECT 1 AS Id UNION ALL SELECT 9) AS s ON T.Id = s.Id
      WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (Id) VALUES (s.Id) OUTPUT deleted.Id, inserted.Id;`),
  ).toEqual([
    [1, null],
    [null, 9],
  ]);
});

test('a row that matches twice, a key that is there and a missing semicolon are errors that change nothing', async () => {
  const twice = 'MERGE T USING (VALUES (1), (1)) AS s (Id) ON T.Id = s.Id WHEN MATCHED THEN';
  expect(await db.errors(`${twice} DELETE;`)).toEqual([8672]);
  expect(await db.errors(`${twice} DELETE`)).toEqual([10713]);
  expect(
    await db.errors(
      'MERGE T USING (VALUES (8), (8)) AS s (Id) ON 1 = 0 WHEN NOT MATCHED THEN INSERT (Id) VALUES (s.Id);',
    ),
  ).toEqual([2627]);
  expect(
    await db.errors(
      'MERGE T USING (VALUES (8)) AS s (Id) ON T.Id = s.Id WHEN NOT MATCHED THEN INSERT (Id) VALUES (s.Id, 1);',
    ),
  ).toEqual([110]);
  expect(await rows()).toHaveLength(3);
});

import { beforeEach, expect, test } from 'vitest';
import { TestServer, type TestSession } from '../test-server.ts';

let db: TestSession;

beforeEach(async () => {
  db = new TestServer().connect();
  await db.rows(
    'CREATE TABLE dbo.Cars (Id int NOT NULL PRIMARY KEY, Make nvarchar(20) NOT NULL, Price decimal(10,2) NULL DEFAULT 9.5, Seen bit)',
  );
});

test('rows that are inserted are read back, defaults and NULLs filled in', async () => {
  await db.rows("INSERT INTO Cars (Id, Make) VALUES (1, N'Opel'), (2, 'Škoda')");
  expect(await db.rows('SELECT * FROM Cars')).toEqual([
    [1, 'Opel', '9.50', null],
    [2, 'Škoda', '9.50', null],
  ]);
});

test('parameters of an insert are converted to the types of the columns', async () => {
  const decimal = [
    { name: 'decimal', precision: 18, scale: 4 },
    { unscaled: 125_000n, scale: 4 },
  ] as const;
  await db.rows('INSERT INTO dbo.Cars VALUES (@id, @make, @price, @seen)', {
    id: 7n,
    make: 'Audi',
    price: decimal,
    seen: 1,
  });
  expect(await db.rows('SELECT * FROM Cars')).toEqual([[7, 'Audi', '12.50', true]]);
});

test('an insert counts its rows and sets @@ROWCOUNT', async () => {
  const answer = await db.run("INSERT Cars (Id, Make) VALUES (1, 'a'), (2, 'b'); SELECT @@ROWCOUNT");
  expect(answer.counts).toEqual([2, 1]);
  expect(answer.results).toEqual([[[2]]]);
});

test('SET NOCOUNT ON leaves the counts out', async () => {
  const answer = await db.run("SET NOCOUNT ON; INSERT Cars (Id, Make) VALUES (1, 'a')");
  expect(answer.counts).toEqual([undefined]);
});

test('an update sees the row as it was in all its assignments', async () => {
  await db.rows("INSERT Cars (Id, Make, Price) VALUES (1, 'a', 1)");
  await db.rows("UPDATE Cars SET Price = Price + 1, Make = Make + N'!' WHERE Id = 1");
  await db.rows('UPDATE Cars SET Price += 0.5 WHERE Price > 1');
  expect(await db.rows('SELECT Make, Price FROM Cars')).toEqual([['a!', '2.50']]);
});

test('UPDATE and DELETE take a FROM with joins, aliases and TOP', async () => {
  await db.rows("INSERT Cars (Id, Make) VALUES (1, 'a'), (2, 'b'), (3, 'c')");
  await db.rows(
    "CREATE TABLE Doomed (Id int PRIMARY KEY, NewName nvarchar(20)); INSERT Doomed VALUES (1, 'x'), (3, NULL)",
  );
  await db.rows(
    'UPDATE c SET Make = d.NewName FROM Cars AS c JOIN Doomed AS d ON d.Id = c.Id WHERE d.NewName IS NOT NULL',
  );
  await db.rows('DELETE c FROM dbo.Cars c INNER JOIN Doomed d ON c.Id = d.Id WHERE d.NewName IS NULL');
  expect(await db.rows('SELECT Id, Make FROM Cars ORDER BY Id')).toEqual([
    [1, 'x'],
    [2, 'b'],
  ]);
  expect((await db.run('DELETE TOP (1) FROM Cars')).counts).toEqual([1]);
});

test('OUTPUT returns what was inserted and what was deleted', async () => {
  expect(await db.rows("INSERT Cars (Id, Make) OUTPUT inserted.Id, inserted.Price VALUES (1, 'a')")).toEqual([
    [1, '9.50'],
  ]);
  expect(
    await db.rows("UPDATE Cars SET Make = 'b' OUTPUT deleted.Make AS Old, inserted.Make AS New"),
  ).toEqual([['a', 'b']]);
  expect(await db.rows('DELETE Cars OUTPUT deleted.*')).toEqual([[1, 'b', '9.50', null]]);
});

test('OUTPUT INTO fills a table variable', async () => {
  const rows = await db.rows(
    "DECLARE @ids TABLE (Id int); INSERT Cars (Id, Make) OUTPUT inserted.Id INTO @ids VALUES (4, 'a'), (5, 'b'); SELECT Id FROM @ids ORDER BY Id DESC",
  );
  expect(rows).toEqual([[5], [4]]);
});

test('INSERT … SELECT does not see its own rows', async () => {
  await db.rows("INSERT Cars (Id, Make) VALUES (1, 'a')");
  expect((await db.run('INSERT Cars (Id, Make) SELECT Id + 1, Make FROM Cars')).counts).toEqual([1]);
  expect(await db.value('SELECT COUNT(*) FROM Cars')).toBe(2);
});

test('SELECT INTO makes a table of the result', async () => {
  await db.rows("INSERT Cars (Id, Make) VALUES (1, 'a')");
  await db.rows('SELECT Id, Make AS Name INTO #copy FROM Cars');
  expect(await db.rows('SELECT Name, Id FROM #copy')).toEqual([['a', 1]]);
});

test('a duplicate key fails with 2627 and the whole statement is undone', async () => {
  const { messages } = await db.run("INSERT Cars (Id, Make) VALUES (1, 'a'), (2, 'b'), (1, 'c')");
  expect(messages).toMatchObject([{ number: 2627, severity: 14 }]);
  expect(messages[0]?.message).toMatch(
    /^Violation of PRIMARY KEY constraint 'PK__Cars__.*'\. Cannot insert duplicate key in object 'dbo\.Cars'\. The duplicate key value is \(1\)\.$/,
  );
  expect(await db.value('SELECT COUNT(*) FROM Cars')).toBe(0);
});

test('keys are unique at the end of a statement, not in the middle', async () => {
  await db.rows("INSERT Cars (Id, Make) VALUES (1, 'a'), (2, 'b'), (3, 'c')");
  await db.rows('UPDATE Cars SET Id = Id + 1');
  expect(await db.rows('SELECT Id FROM Cars ORDER BY Make')).toEqual([[2], [3], [4]]);
  expect(await db.rows('SELECT Make FROM Cars WHERE Id = 3')).toEqual([['b']]);
  expect(await db.rows('SELECT Make FROM Cars WHERE Id = 1')).toEqual([]);
});

test('a unique index compares without case and allows one NULL', async () => {
  await db.rows('CREATE UNIQUE INDEX UX_Make ON Cars (Make); CREATE UNIQUE INDEX UX_Seen ON Cars (Seen)');
  await db.rows("INSERT Cars (Id, Make, Seen) VALUES (1, 'Opel', NULL)");
  expect(await db.errors("INSERT Cars (Id, Make, Seen) VALUES (2, 'OPEL ', 1)")).toEqual([2601]);
  expect(await db.errors("INSERT Cars (Id, Make, Seen) VALUES (2, 'Audi', NULL)")).toEqual([2601]);
});

test('NULL in a NOT NULL column fails with 515', async () => {
  const { messages } = await db.run('INSERT Cars (Id, Make) VALUES (1, NULL)');
  expect(messages[0]).toMatchObject({
    number: 515,
    message:
      "Cannot insert the value NULL into column 'Make', table 'shop.dbo.Cars'; column does not allow nulls. INSERT fails.",
  });
});

test('text that does not fit fails with 2628, blanks at its end are cut', async () => {
  expect(await db.errors("INSERT Cars (Id, Make) VALUES (1, '123456789012345678901')")).toEqual([2628]);
  expect(await db.errors("INSERT Cars (Id, Make) VALUES (1, '12345678901234567890  ')")).toEqual([]);
});

test('numbers that do not fit fail with 8115, and the statement alone is undone', async () => {
  expect(
    await db.errors(
      "BEGIN TRAN; INSERT Cars (Id, Make) VALUES (1, 'a'); INSERT Cars (Id, Make, Price) VALUES (2, 'b', 123456789012); COMMIT",
    ),
  ).toEqual([8115]);
  expect(await db.rows('SELECT Id FROM Cars')).toEqual([[1]]);
});

test('identity counts up, is reported, and is not given back by a rollback', async () => {
  await db.rows('CREATE TABLE T (Id bigint IDENTITY(10, 5) PRIMARY KEY, V int)');
  expect(
    await db.rows(
      "INSERT T (V) VALUES (1), (2); SELECT SCOPE_IDENTITY(), @@IDENTITY, IDENT_CURRENT(N'dbo.T')",
    ),
  ).toEqual([['15', '15', '15']]);
  await db.rows('BEGIN TRAN; INSERT T (V) VALUES (3); ROLLBACK');
  await db.rows('INSERT T DEFAULT VALUES');
  expect(await db.rows('SELECT Id, V FROM T ORDER BY Id')).toEqual([
    [10n, 1],
    [15n, 2],
    [25n, null],
  ]);
});

test('an explicit identity value needs IDENTITY_INSERT', async () => {
  await db.rows('CREATE TABLE T (Id int IDENTITY PRIMARY KEY, V int)');
  expect(await db.errors('INSERT T (Id, V) VALUES (5, 1)')).toEqual([544]);
  await db.rows(
    'SET IDENTITY_INSERT T ON; INSERT T (Id, V) VALUES (5, 1); SET IDENTITY_INSERT T OFF; INSERT T (V) VALUES (2)',
  );
  expect(await db.rows('SELECT Id FROM T ORDER BY Id')).toEqual([[5], [6]]);
  expect(await db.errors('UPDATE T SET Id = 9')).toEqual([8102]);
});

test('foreign keys: a missing parent, a parent in use, and cascade', async () => {
  await db.rows(`CREATE TABLE Orders (Id int PRIMARY KEY, CarId int CONSTRAINT FK_Car REFERENCES Cars (Id) ON DELETE CASCADE);
    CREATE TABLE Lines (Id int PRIMARY KEY, OrderId int NOT NULL, CONSTRAINT FK_Order FOREIGN KEY (OrderId) REFERENCES Orders (Id))`);
  const { messages } = await db.run('INSERT Orders VALUES (1, 99)');
  expect(messages[0]).toMatchObject({
    number: 547,
    message:
      'The INSERT statement conflicted with the FOREIGN KEY constraint "FK_Car". The conflict occurred in database "shop", table "dbo.Cars", column \'Id\'.',
  });
  await db.rows(
    "INSERT Cars (Id, Make) VALUES (1, 'a'), (2, 'b'); INSERT Orders VALUES (10, 1), (11, 2), (12, NULL); INSERT Lines VALUES (100, 11)",
  );
  await db.rows('DELETE Cars WHERE Id = 1');
  expect(await db.rows('SELECT Id FROM Orders ORDER BY Id')).toEqual([[11], [12]]);
  const refused = await db.run('DELETE Cars WHERE Id = 2');
  expect(refused.messages[0]).toMatchObject({
    number: 547,
    message:
      'The DELETE statement conflicted with the REFERENCE constraint "FK_Order". The conflict occurred in database "shop", table "dbo.Lines", column \'OrderId\'.',
  });
  expect(await db.rows('SELECT Id FROM Orders ORDER BY Id')).toEqual([[11], [12]]);
});

test('check constraints hold, and unknown passes', async () => {
  await db.rows('CREATE TABLE T (Id int PRIMARY KEY, V int CONSTRAINT CK_V CHECK (V > 0 AND V < 10))');
  expect(await db.errors('INSERT T VALUES (1, 10)')).toEqual([547]);
  expect(await db.errors('INSERT T VALUES (1, 5), (2, NULL)')).toEqual([]);
  expect(await db.errors('UPDATE T SET V = -1 WHERE Id = 1')).toEqual([547]);
});

test('computed columns follow their row and rowversion changes with every update', async () => {
  await db.rows('CREATE TABLE T (Id int PRIMARY KEY, A int, B AS (A * 2), V rowversion)');
  await db.rows('INSERT T (Id, A) VALUES (1, 4)');
  const [before] = await db.rows('SELECT B, V FROM T');
  await db.rows('UPDATE T SET A = 5');
  const [after] = await db.rows('SELECT B, V FROM T');
  expect([before?.[0], after?.[0]]).toEqual([8, 10]);
  expect(String(after?.[1]) > String(before?.[1])).toBe(true);
  expect(await db.errors('UPDATE T SET B = 1')).toEqual([271]);
  expect(await db.errors('UPDATE T SET V = 0x01')).toEqual([272]);
});

test('wrong column lists fail before anything is written', async () => {
  expect(await db.errors('INSERT Cars (Id, Make) VALUES (1)')).toEqual([109]);
  expect(await db.errors("INSERT Cars (Id) VALUES (1, 'a')")).toEqual([110]);
  expect(await db.errors('INSERT Cars VALUES (1)')).toEqual([213]);
  expect(await db.errors('INSERT Cars (Id, Nope) VALUES (1, 2)')).toEqual([207]);
  expect(await db.errors('INSERT Cars (Id, Id) VALUES (1, 2)')).toEqual([264]);
});

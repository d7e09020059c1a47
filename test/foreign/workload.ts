/** The workload of the comparison: tables with every type, and transactions of all kinds on each. */
import { valueSamples, type TypeSamples } from '../support/value-samples.ts';

export interface ComparedTable {
  readonly name: string;
  /** Types as declared, by column. */
  readonly types: Readonly<Record<string, string>>;
  readonly create: string;
  /** Each is one transaction. */
  readonly transactions: readonly string[];
}

const ROWS = 5;

/** Java has no place in JSON for halves of a surrogate pair. */
const isWellFormed = (value: unknown): boolean => typeof value !== 'string' || value.isWellFormed();

const quoted = (sql: string, at: number): string => `(${at}, ${sql})`;

function comparedTable(name: string, given: readonly TypeSamples[]): ComparedTable {
  const columns = given.map(({ type, samples }, i) => ({
    column: `C${i}`,
    type,
    samples: samples.filter(([, value]) => isWellFormed(value)).map(([sql]) => sql),
  }));
  const sample = (row: number): string[] =>
    columns.map(({ samples }) => samples[row % samples.length] ?? 'NULL');
  const values = (row: number): string => sample(row).join(', ');
  const assignments = (row: number): string =>
    columns.map(({ column }, i) => `${column} = ${sample(row)[i]}`).join(', ');
  const insert = (id: number): string => `INSERT dbo.[${name}] VALUES ${quoted(values(id), id)}`;
  const [first = ''] = columns.map(({ column }) => column);
  return {
    name,
    types: Object.fromEntries(columns.map(({ column, type }) => [column, type])),
    create:
      `CREATE TABLE dbo.[${name}] (Id int NOT NULL PRIMARY KEY, ` +
      `${columns.map(({ column, type }) => `${column} ${type} NULL`).join(', ')})`,
    transactions: [
      ...Array.from({ length: ROWS }, (_, id) => insert(id)),
      `INSERT dbo.[${name}] (Id) VALUES (100)`,
      `UPDATE dbo.[${name}] SET ${assignments(1)} WHERE Id IN (0, 100)`,
      `UPDATE dbo.[${name}] SET ${first} = NULL WHERE Id <= 2`,
      `UPDATE dbo.[${name}] SET ${first} = ${first} WHERE Id = 3`,
      `UPDATE dbo.[${name}] SET Id = 50 WHERE Id = 4`,
      `UPDATE dbo.[${name}] SET Id = Id + 1 WHERE Id <= 3`,
      `BEGIN TRAN; ${insert(200)}; ${insert(201)}; UPDATE dbo.[${name}] SET ${assignments(2)} WHERE Id >= 200;
       UPDATE dbo.[${name}] SET Id = 300 WHERE Id = 200; DELETE dbo.[${name}] WHERE Id = 201; COMMIT`,
      `BEGIN TRAN; ${insert(400)}; ROLLBACK`,
      `DELETE dbo.[${name}] WHERE Id IN (4, 300)`,
      `DELETE dbo.[${name}]`,
    ],
  };
}

const ofTypes: readonly ComparedTable[] = Object.entries(valueSamples).map(([family, samples]) =>
  comparedTable(`V_${family}`, samples),
);

const ORDERS = 'Orders';
const LINES = 'Lines';

/** Transactions over two tables, and many rows in one. */
const both = (from: number): string =>
  `BEGIN TRAN; INSERT dbo.${ORDERS} SELECT n, CONCAT('order ', n) FROM (VALUES ${numbers(from, 20)}) AS v (n);
   INSERT dbo.${LINES} SELECT n, 1, 'line' FROM (VALUES ${numbers(from, 20)}) AS v (n);
   UPDATE dbo.${ORDERS} SET Name = 'changed' WHERE Id >= ${from}; COMMIT`;

const numbers = (from: number, count: number): string =>
  Array.from({ length: count }, (_, i) => `(${from + i})`).join(', ');

export const comparedTables: readonly ComparedTable[] = [
  ...ofTypes,
  {
    name: ORDERS,
    types: { Name: 'nvarchar(50)' },
    create: `CREATE TABLE dbo.${ORDERS} (Id int NOT NULL PRIMARY KEY, Name nvarchar(50) NULL)`,
    transactions: [both(1), both(101), `DELETE dbo.${ORDERS} WHERE Id % 3 = 0`],
  },
  {
    name: LINES,
    types: { Text: 'varchar(20)' },
    create:
      `CREATE TABLE dbo.${LINES} (OrderId int NOT NULL, Number int NOT NULL, Text varchar(20) NULL, ` +
      `PRIMARY KEY (OrderId, Number))`,
    transactions: [`UPDATE dbo.${LINES} SET Number = 2, Text = 'moved' WHERE OrderId < 10`, both(201)],
  },
];

/** Random transactions in T-SQL over tables of one shape: `(Id int PRIMARY KEY, U int UNIQUE, Name nvarchar(40))`. */
import fc from 'fast-check';

export const shape = 'Id int NOT NULL PRIMARY KEY, U int NOT NULL UNIQUE, Name nvarchar(40) NOT NULL';

/** What a row change can look like in a change table ("change data capture" of SQL Server). */
const kinds = [
  'insert',
  'insert some',
  'update one',
  'update some',
  'delete one',
  'delete some',
  'move one',
  'move all up',
  'turn the keys round',
  'swap two keys',
  'update a unique column',
  'insert, update and delete',
] as const;

export interface Step {
  readonly kind: (typeof kinds)[number];
  readonly table: string;
  readonly k: number;
}

/** Transactions of a few statements, over `tables` mixed. */
export const transactionsOver = (tables: readonly string[]): fc.Arbitrary<readonly (readonly Step[])[]> =>
  fc.array(
    fc.array(
      fc.record({
        kind: fc.constantFrom(...kinds),
        table: fc.constantFrom(...tables),
        k: fc.integer({ min: 1, max: 9 }),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    { minLength: 1, maxLength: 4 },
  );

/** Text of a transaction. `unique` gives a number that was never given before. */
export function transactionText(steps: readonly Step[], unique: () => number): string {
  return ['BEGIN TRANSACTION', ...steps.map((step) => statement(step, unique)), 'COMMIT'].join(';\n');
}

/** Each applies to any content of the table, perhaps to no row. */
function statement({ kind, table, k }: Step, unique: () => number): string {
  const name = `N'${kind} ${unique()}'`;
  const insert = (id: number) =>
    `INSERT ${table} SELECT ${id}, ${unique()}, ${name} WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE Id = ${id})`;
  switch (kind) {
    case 'insert':
      return insert(k);
    case 'insert some':
      return [k, k + 3, k + 5, k + 20].map(insert).join(';\n');
    case 'update one':
      return `UPDATE ${table} SET Name = ${name} WHERE Id = ${k}`;
    case 'update some':
      return `UPDATE ${table} SET Name = ${name} WHERE Id % 3 <> ${k % 3}`;
    case 'delete one':
      return `DELETE ${table} WHERE Id = ${k}`;
    case 'delete some':
      return `DELETE ${table} WHERE Id % 3 = ${k % 3}`;
    case 'move one':
      return `UPDATE ${table} SET Id = ${unique()} WHERE Id = ${k}`;
    case 'move all up':
      return `UPDATE ${table} SET Id = Id + 1, Name = ${name}`;
    case 'turn the keys round':
      return `UPDATE ${table} SET Id = ${k} - Id`;
    case 'swap two keys':
      return `UPDATE ${table} SET Id = CASE Id WHEN ${k} THEN ${k + 1} ELSE ${k} END WHERE Id IN (${k}, ${k + 1})`;
    case 'update a unique column':
      return `UPDATE ${table} SET U = U + 1000000 WHERE Id <= ${k}`;
    case 'insert, update and delete':
    default:
      return `${insert(k)};\nUPDATE ${table} SET Name = ${name} WHERE Id = ${k};\nDELETE ${table} WHERE Id = ${k}`;
  }
}

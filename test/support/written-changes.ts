/** Writes to captured tables and remembers what it wrote: the oracle of a reader. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlServerDatabase } from './sql-server-database.ts';

export class WrittenChanges {
  readonly tables: readonly string[];
  readonly #database: SqlServerDatabase;
  readonly #changes: ReadonlyMap<string, string[]>;
  #rows = 0;

  /** @param tables as `SqlServerDatabase.capture` makes them */
  constructor(database: SqlServerDatabase, tables: readonly string[]) {
    this.#database = database;
    this.tables = tables;
    this.#changes = new Map(tables.map((table) => [table, []]));
  }

  /** The changes of a table in commit order: `insert 7 p7`. */
  of(table: string): readonly string[] {
    return this.#changes.get(table) ?? [];
  }

  /** One transaction in every table: a row comes, another is changed, one goes. */
  async step(): Promise<void> {
    for (const table of this.tables) {
      const id = (this.#rows += 3);
      const insert = (n: number) => `(${n}, N'p${n}')`;
      const statements = [
        `INSERT INTO dbo.[${table}] (Id, Name) VALUES ${insert(id)}, ${insert(id + 1)}`,
        `UPDATE dbo.[${table}] SET Name = N'changed' WHERE Id = ${id}`,
        `DELETE FROM dbo.[${table}] WHERE Id = ${id + 1}`,
      ];
      await this.#database.pool.query(['BEGIN TRANSACTION', ...statements, 'COMMIT TRANSACTION'].join(';\n'));
      this.#remember(table, [
        `insert ${id} p${id}`,
        `insert ${id + 1} p${id + 1}`,
        `update ${id} changed`,
        `delete ${id + 1} p${id + 1}`,
      ]);
    }
  }

  /** One transaction of so many rows in one table. */
  async many(table: string, rows: number): Promise<void> {
    const from = this.#rows + 1;
    this.#rows += rows;
    const ids = Array.from({ length: rows }, (_, n) => from + n);
    const inserts = [];
    for (let n = 0; n < rows; n += 1_000)
      inserts.push(
        `INSERT INTO dbo.[${table}] (Id, Name) VALUES ${ids
          .slice(n, n + 1_000)
          .map((id) => `(${id}, N'p${id}')`)
          .join(', ')}`,
      );
    await this.#database.pool.query(['BEGIN TRANSACTION', ...inserts, 'COMMIT TRANSACTION'].join(';\n'));
    this.#remember(
      table,
      ids.map((id) => `insert ${id} p${id}`),
    );
  }

  /** Step after step for as long as `work` takes. */
  async during<T>(work: Promise<T>): Promise<T> {
    const over = new AbortController();
    const [result] = await Promise.all([work.finally(() => over.abort()), this.#steps(over.signal)]);
    return result;
  }

  async #steps(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      await this.step();
      await sleep(20);
    }
  }

  #remember(table: string, changes: readonly string[]): void {
    this.#changes.get(table)?.push(...changes);
  }
}

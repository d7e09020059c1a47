/**
 * The bare read: `mssql` streams the changes of every table with the select list that our source uses, one statement
 * a table, all tables at once, and does nothing with the rows but count them.
 */
import sql from 'mssql';
import { givenOptions, reportRun } from './report.ts';

export interface ReadRowsOptions {
  readonly connectionString: string;
  readonly statements: readonly string[];
  readonly rows: number;
}

const { connectionString, statements, rows } = givenOptions() as ReadRowsOptions;
const pool = new sql.ConnectionPool(connectionString);
pool.on('error', (error) => console.error(error));
await pool.connect();
// As many connections as statements, so that no login is part of the time.
await Promise.all(statements.map(() => pool.query('SELECT 1')));

await reportRun(async () => {
  const counts = await Promise.all(statements.map(countRows));
  const seen = counts.reduce((sum, count) => sum + count, 0);
  if (seen !== rows) throw new Error(`${rows} rows were expected, ${seen} came`);
});

function countRows(statement: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = pool.request();
    request.stream = true;
    let count = 0;
    request.on('row', () => (count += 1));
    request.on('error', reject);
    request.on('done', () => resolve(count));
    void request.query(statement);
  });
}

import { realSqlServer } from '../support/endpoints.ts';
import { inMemoryDatabase } from '../support/in-memory-database.ts';
import { SqlServerDatabase } from '../support/sql-server-database.ts';
import { startSqlServerStandIn } from '../support/sql-server-stand-in.ts';
import type { CapturedDatabase } from '../support/captured-database.ts';
import { changeSourceContract } from './change-source.ts';

changeSourceContract('in memory', () => Promise.resolve(inMemoryDatabase()));
changeSourceContract('SQL Server stand-in', onStandIn);

const real = realSqlServer();
if (real !== undefined)
  changeSourceContract('SQL Server', () => SqlServerDatabase.create(real.connectionString));

async function onStandIn(): Promise<CapturedDatabase> {
  const running = await startSqlServerStandIn();
  const database = await SqlServerDatabase.create(running.connectionString);
  return {
    capture: (name) => database.capture(name),
    commit: (changes) => database.commit(changes),
    cleanUp: (name) => database.cleanUp(name),
    source: (tables, start) => database.source(tables, start),
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await running[Symbol.asyncDispose]();
    },
  };
}

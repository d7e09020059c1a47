import type { ReadMode } from '../../libs/sources/sqlserver/src/position/log-position.ts';
import type { CapturedDatabase } from '../support/captured-database.ts';
import { realSqlServer } from '../support/endpoints.ts';
import { inMemoryDatabase } from '../support/in-memory-database.ts';
import { SqlServerDatabase } from '../support/sql-server-database.ts';
import { startSqlServerStandIn } from '../support/sql-server-stand-in.ts';
import { changeSourceContract } from './change-source.ts';

const modes: readonly ReadMode[] = ['functions', 'direct'];
const real = realSqlServer();

changeSourceContract('in memory', () => Promise.resolve(inMemoryDatabase('table')));
changeSourceContract('in memory, all tables in one partition', () =>
  Promise.resolve(inMemoryDatabase('several')),
);
for (const mode of modes) {
  changeSourceContract(`SQL Server stand-in, read in the mode ${mode}`, () => onStandIn(mode));
  if (real !== undefined)
    changeSourceContract(`SQL Server, read in the mode ${mode}`, () => on(real.connectionString, mode));
}

async function onStandIn(mode: ReadMode): Promise<CapturedDatabase> {
  const running = await startSqlServerStandIn();
  const database = await on(running.connectionString, mode);
  return {
    ...database,
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await running[Symbol.asyncDispose]();
    },
  };
}

async function on(connectionString: string, mode: ReadMode): Promise<CapturedDatabase> {
  const database = await SqlServerDatabase.create(connectionString);
  const { can, partition } = database;
  return {
    can,
    partition,
    capture: (name) => database.capture(name),
    commit: (changes) => database.commit(changes),
    cleanUp: (name) => database.cleanUp(name),
    source: (tables, start = 'earliest') => database.open(tables, { start, mode, maxRows: 2 }),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

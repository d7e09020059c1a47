/** A client of SQL Server: its program gets a stand-in of its own, with an empty database. */
import { sqlLogin } from '../stand-ins/all/src/stand-ins-env.ts';
import { startSqlServerStandIn } from '../support/sql-server-stand-in.ts';
import type { ForeignClient } from './foreign-client.ts';
import type { Language } from './languages.ts';
import { runProgram } from './program.ts';

/** What a program needs to log in. */
export const sqlEnv = (port: number): Readonly<Record<string, string>> => ({
  FOREIGN_SQL_PORT: String(port),
  FOREIGN_SQL_USER: sqlLogin.user,
  FOREIGN_SQL_PASSWORD: sqlLogin.password,
  FOREIGN_SQL_DATABASE: sqlLogin.database,
});

/** @param name `LANGUAGE/LIBRARY`; `program` as the language names it. */
export function sqlClient(name: string, language: Language, program: string): ForeignClient {
  return {
    name,
    tools: language.tools,
    prepare: (signal) => language.prepare(signal),
    async run(report, signal) {
      await using running = await startSqlServerStandIn();
      const env = sqlEnv(running.server.port);
      await runProgram({ ...language.command(program), env }, report, signal);
    },
  };
}

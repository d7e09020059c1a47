/** The functions that look like variables: @@VERSION, @@TRANCOUNT and their kind. Unknown ones fail with 137. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Frame } from './run.ts';
import type { Compiled } from './compiled.ts';

export const SERVER_NAME = 'DSTREAM-STAND-IN';
export const PRODUCT_VERSION = '16.0.4135.4';

const VERSION =
  'Microsoft SQL Server 2022 (RTM) - 16.0.4135.4 (X64) \n\tCopyright (C) 2022 Microsoft Corporation\n\t' +
  'Developer Edition (64-bit) on Linux';

interface SystemVariable {
  readonly type: SqlType;
  read(frame: Frame): SqlValue;
}

const text: SqlType = { name: 'nvarchar', length: 300 };
const int: SqlType = { name: 'int' };
const numeric: SqlType = { name: 'numeric', precision: 38, scale: 0 };

const asNumeric = (value: bigint | undefined): SqlValue =>
  value === undefined ? null : { unscaled: value, scale: 0 };

const VARIABLES: Readonly<Record<string, SystemVariable>> = {
  '@@version': { type: text, read: () => VERSION },
  '@@servername': { type: text, read: () => SERVER_NAME },
  '@@servicename': { type: text, read: () => 'MSSQLSERVER' },
  '@@trancount': { type: int, read: ({ run }) => run.session.transactionCount },
  '@@spid': { type: { name: 'smallint' }, read: ({ run }) => run.session.id },
  '@@error': { type: int, read: ({ run }) => run.session.lastError },
  '@@rowcount': { type: int, read: ({ run }) => Number(run.session.rowCount) },
  '@@identity': { type: numeric, read: ({ run }) => asNumeric(run.session.lastIdentity) },
  '@@language': { type: text, read: () => 'us_english' },
  '@@datefirst': { type: { name: 'tinyint' }, read: () => 7 },
  '@@options': { type: int, read: () => 5496 },
  '@@max_precision': { type: { name: 'tinyint' }, read: () => 38 },
  '@@nestlevel': { type: int, read: () => 0 },
  '@@microsoftversion': { type: int, read: () => 268439591 },
};

export function compileSystemVariable(name: string): Compiled {
  const found = VARIABLES[name.toLowerCase()];
  if (found === undefined) throw errors.undeclared(name);
  return { type: found.type, nullable: true, evaluate: (frame) => found.read(frame) };
}

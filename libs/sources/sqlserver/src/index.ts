export { parseConnectionString } from './address/connection-string.ts';
export { defaultSourceName, placeOf, type SqlServerAddress } from './address/sql-server-address.ts';
export type { OnGap, Start } from './source/reader-context.ts';
export type { TableSettings } from './source/table-settings.ts';
export { SqlServerSource, type SqlServerSourceOptions } from './sql-server-source.ts';

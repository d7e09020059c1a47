export { parseConnectionString } from './address/connection-string.ts';
export { defaultSourceName, placeOf, type SqlServerAddress } from './address/sql-server-address.ts';
export type { OnGap, Start } from './source/reader-context.ts';
export type { TableSettings } from './source/table-settings.ts';
export type { PageRead, ProbeMade, SourceObserver, Standing } from './source-observer.ts';
export { SqlServerSource, type SqlServerSourceOptions } from './sql-server-source.ts';

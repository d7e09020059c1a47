/** The types of the parameters and results of sys.sp_cdc_*. */
import type { SqlType } from '../interface/engine-session.ts';

export const NAME: SqlType = { name: 'nvarchar', length: 128 };

export const LIST: SqlType = { name: 'nvarchar', length: 'max' };

export const BIT: SqlType = { name: 'bit' };

export const BIGINT: SqlType = { name: 'bigint' };

export const LSN: SqlType = { name: 'binary', length: 10 };

/** The kinds of source that DStream has. To add one: README.md. */
import type { SourceTypes } from '@dstream/config/schema';
import { sqlServerType } from '@dstream/sqlserver/type';

/** Every type that `source { type }` may name. */
export const sourceTypes: SourceTypes = [sqlServerType];

/** SQL_VARIANT_PROPERTY ("SQL_VARIANT_PROPERTY"): what a sql_variant knows of the type of its value. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import { SqlError } from '../errors/sql-error.ts';
import { isCharacter } from '../values/index.ts';
import { maxLength, precisionOf, scaleOf } from '../values/basic/type-ids.ts';

const NAME: SqlType = { name: 'nvarchar', length: 128 };
const INT: SqlType = { name: 'int' };

/** NULL for NULL and for a property that does not exist. */
export function variantProperty(variant: SqlValue, property: string): SqlValue {
  if (variant === null || typeof variant !== 'object' || !('type' in variant)) return null;
  const { type } = variant;
  switch (property.toLowerCase()) {
    case 'basetype':
      return { type: NAME, value: type.name };
    case 'precision':
      return { type: INT, value: precisionOf(type) };
    case 'scale':
      return { type: INT, value: scaleOf(type) };
    case 'maxlength':
      return { type: INT, value: maxLength(type) };
    case 'collation':
      return isCharacter(type) ? { type: NAME, value: 'SQL_Latin1_General_CP1_CI_AS' } : null;
    case 'totalbytes':
      throw new SqlError(50_000, "SQL_VARIANT_PROPERTY(…, 'TotalBytes') is not supported by this server.");
    default:
      return null;
  }
}

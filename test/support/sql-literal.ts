/** Values of events as T-SQL again: what a consumer does that applies changes to a table of the same columns. */
import type { Json } from '@dstream/core';

/** @param type as a column declares it */
export function literalOf(type: string, value: Json): string {
  if (value === null) return 'NULL';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  switch (type.replace(/\(.*/, '')) {
    case 'bit':
      return value === true ? '1' : '0';
    case 'tinyint':
    case 'smallint':
    case 'int':
      return text;
    case 'real':
    case 'float':
      return Number(value).toExponential();
    case 'binary':
    case 'varbinary':
    case 'image':
      return `0x${Buffer.from(text, 'base64').toString('hex')}`;
    case 'char':
    case 'varchar':
    case 'text':
    case 'nchar':
    case 'nvarchar':
    case 'ntext':
      return unicode(text);
    case 'xml':
      return `CONVERT(xml, ${unicode(text)}, 1)`; // style 1 keeps white space
    case 'hierarchyid':
      return `CAST(${unicode(text)} AS hierarchyid)`;
    case 'geography':
    case 'geometry':
      return spatial(type, text);
    case 'sql_variant':
      return variant(text);
    default:
      return `'${text}'`; // exact numbers, times and uniqueidentifiers are what they are as text
  }
}

/** Any code units, also those that no literal could carry. */
export function unicode(text: string): string {
  return `CONVERT(nvarchar(max), 0x${Buffer.from(text, 'utf16le').toString('hex')})`;
}

function spatial(type: string, text: string): string {
  const [, srid = '', shape = ''] = /^SRID=(\d+);(.*)$/s.exec(text) ?? [];
  return `${type}::STGeomFromText('${shape}', ${srid})`;
}

function variant(text: string): string {
  const [, type = '', value = ''] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  const typed = type === 'bit' ? value === 'true' : value;
  return `CAST(${literalOf(type, typed)} AS ${withLength(type, value)})`;
}

/** A variant cannot hold a type of length max. */
function withLength(type: string, value: string): string {
  switch (type) {
    case 'char':
    case 'nchar':
      return `${type}(${Math.max(1, value.length)})`;
    case 'binary':
      return `${type}(${Math.max(1, Buffer.from(value, 'base64').length)})`;
    case 'varchar':
    case 'varbinary':
      return `${type}(8000)`;
    case 'nvarchar':
      return `${type}(4000)`;
    default:
      return type;
  }
}

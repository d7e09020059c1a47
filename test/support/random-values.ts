/** Random values of every type, as T-SQL literals. */
import fc from 'fast-check';
import { unicode } from './sql-literal.ts';

const digits = (count: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789')), minLength: count, maxLength: count });
const integer = (min: bigint, max: bigint) => fc.bigInt({ min, max }).map(String);
const unitless = (units: readonly number[]) => String.fromCharCode(...units);
/** Any code units that are UTF-16 or not, NUL among them. */
const codeUnits = (maxLength: number) =>
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 32, 0xd83d, 0xde42)), {
      maxLength,
    })
    .map(unitless);
/** Characters that code page 1252 and Latin-1 share: what else there is depends on the collation of the server. */
const latin = (maxLength: number) =>
  fc
    .array(fc.oneof(fc.integer({ min: 32, max: 126 }), fc.integer({ min: 160, max: 255 })), { maxLength })
    .map(unitless);
const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((value) => `0x${Buffer.from(value).toString('hex')}`);

function exact(whole: number, scale: number) {
  return fc
    .tuple(fc.constantFrom('', '-'), digits(whole), digits(scale))
    .map(([sign, w, f]) => `'${sign}${w}.${f}'`);
}

const float = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1.7e308, max: 1.7e308 })
  .map((value) => (Math.abs(value) < 2.3e-308 ? '0E0' : value.toExponential())); // prettier-ignore
const real = fc.float({ noNaN: true, noDefaultInfinity: true })
  .map((value) => (Math.abs(value) < 1.2e-38 ? '0E0' : value.toExponential())); // prettier-ignore

const two = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((n) => String(n).padStart(2, '0'));
const date = (from: number) =>
  fc.tuple(fc.integer({ min: from, max: 9999 }), two(1, 12), two(1, 28))
    .map(([year, month, day]) => `${String(year).padStart(4, '0')}-${month}-${day}`); // prettier-ignore
const time = (scale: number) =>
  fc.tuple(two(0, 23), two(0, 59), two(0, 59), digits(scale))
    .map(([h, m, s, f]) => `${h}:${m}:${s}${scale === 0 ? '' : `.${f}`}`); // prettier-ignore
const moment = (from: number, scale: number) =>
  fc.tuple(date(from), time(scale)).map(([d, t]) => `${d}T${t}`);
const offset = fc
  .tuple(fc.constantFrom('+', '-'), two(0, 13), two(0, 59))
  .map(([sign, h, m]) => `${sign}${h}:${m}`);
const quoted = (text: fc.Arbitrary<string>) => text.map((value) => `'${value}'`);

const coordinate = fc.integer({ min: -89_000_000, max: 89_000_000 }).map((n) => n / 1_000_000);
const point = fc.tuple(coordinate, coordinate).map(([x, y]) => `POINT (${x} ${y})`);
const cast = (value: fc.Arbitrary<string>, type: string) => value.map((sql) => `CAST(${sql} AS ${type})`);
const xmlText = latin(12).map((text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
);

const simple: Readonly<Record<string, fc.Arbitrary<string>>> = {
  bit: fc.constantFrom('0', '1'),
  tinyint: integer(0n, 255n),
  smallint: integer(-32_768n, 32_767n),
  int: integer(-2_147_483_648n, 2_147_483_647n),
  bigint: integer(-(2n ** 63n), 2n ** 63n - 1n),
  real,
  float,
  'decimal(38,0)': digits(38).map((text) => `'${text}'`),
  'decimal(38,10)': exact(28, 10),
  'decimal(38,38)': exact(1, 38).map((text) => text.replace(/\d\./, '0.')),
  'numeric(9,2)': exact(7, 2),
  money: exact(14, 4),
  smallmoney: exact(5, 4),
  date: quoted(date(1)),
  'time(0)': quoted(time(0)),
  'time(7)': quoted(time(7)),
  datetime: quoted(moment(1753, 3)),
  smalldatetime: quoted(fc.tuple(fc.integer({ min: 1900, max: 2078 }), two(1, 12), two(1, 28), two(0, 23), two(0, 59)).map(([y, mo, d, h, mi]) => `${y}-${mo}-${d}T${h}:${mi}:00`)),
  'datetime2(3)': quoted(moment(1, 3)),
  'datetime2(7)': quoted(moment(1, 7)),
  'datetimeoffset(7)': quoted(fc.tuple(moment(2, 7), offset).map(([at, zone]) => `${at.replace(/^9999/, '9998')}${zone}`)),
  uniqueidentifier: quoted(fc.uuid()),
  'binary(5)': bytes(5),
  'varbinary(20)': bytes(20),
}; // prettier-ignore

/** What a sql_variant holds, for each of the types that it can. */
const variant = fc.oneof(
  ...Object.entries(simple).map(([type, value]) => cast(value, type)),
  cast(latin(12).map(unicode), 'varchar(20)'),
  cast(codeUnits(12).map(unicode), 'nchar(13)'),
  cast(codeUnits(12).map(unicode), 'nvarchar(20)'),
);

/** By the type as a column declares it. */
export const randomValues: Readonly<Record<string, fc.Arbitrary<string>>> = {
  ...simple,
  'varbinary(max)': bytes(50),
  image: bytes(50),
  'char(5)': latin(5).map(unicode),
  'varchar(20)': latin(20).map(unicode),
  'varchar(max)': latin(50).map(unicode),
  text: latin(50).map(unicode),
  'nchar(5)': codeUnits(5).map(unicode),
  'nvarchar(20)': codeUnits(20).map(unicode),
  'nvarchar(max)': codeUnits(50).map(unicode),
  ntext: codeUnits(50).map(unicode),
  xml: xmlText.map((text) => `CONVERT(xml, ${unicode(`<a> <b>${text}</b> </a>`)}, 1)`),
  hierarchyid: fc.array(fc.integer({ min: -5000, max: 5000 }), { maxLength: 5 }).map((path) => `CAST('/${path.map((n) => `${n}/`).join('')}' AS hierarchyid)`),
  geography: point.map((shape) => `geography::STGeomFromText('${shape}', 4326)`),
  geometry: point.map((shape) => `geometry::STGeomFromText('${shape}', 7)`),
  sql_variant: variant,
}; // prettier-ignore

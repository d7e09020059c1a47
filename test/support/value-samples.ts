/** Values of every type of SQL Server: least, greatest and odd ones, as T-SQL and as they have to arrive. */
import type { Value } from '@dstream/core';

export interface TypeSamples {
  /** As a column declares it. */
  readonly type: string;
  readonly samples: readonly (readonly [sql: string, value: Value])[];
}

const seven = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const quoted = (text: string) => `'${text}'`;
/** What T-SQL takes as text and what arrives are the same. */
const same = (...texts: readonly string[]) => texts.map((text) => [quoted(text), text] as const);
const fraction = (digits: string, scale: number) => (scale === 0 ? '' : `.${digits.slice(0, scale)}`);

const integers: readonly TypeSamples[] = [
  { type: 'bit', samples: [['0', false], ['1', true]] },
  { type: 'tinyint', samples: [['0', 0], ['255', 255], ['7', 7]] },
  { type: 'smallint', samples: [['-32768', -32_768], ['32767', 32_767], ['0', 0]] },
  { type: 'int', samples: [['-2147483648', -2_147_483_648], ['2147483647', 2_147_483_647], ['-1', -1]] },
  { type: 'bigint', samples: [
    ['-9223372036854775808', '-9223372036854775808'],
    ['9223372036854775807', '9223372036854775807'],
    ['9007199254740993', '9007199254740993'],
  ] },
]; // prettier-ignore

const floats: readonly TypeSamples[] = [
  { type: 'real', samples: [
    ['-3.4028234663852886E38', -3.4028235e38],
    ['3.4028234663852886E38', 3.4028235e38],
    ['1.17549435E-38', 1.1754944e-38],
    ['1.1', 1.1],
    ['16777217', 16_777_216],
    ['-0.3', -0.3],
    ['33554436.0E0', 33_554_436],
  ] },
  { type: 'float', samples: [
    ['-1.7976931348623157E308', -1.797_693_134_862_315_7e308],
    ['1.7976931348623157E308', 1.797_693_134_862_315_7e308],
    ['2.2250738585072014E-308', 2.225_073_858_507_201_4e-308],
    ['0.1E0 + 0.2E0', 0.300_000_000_000_000_04],
    ['9007199254740993', 9_007_199_254_740_992],
  ] },
  { type: 'float(24)', samples: [['0.1', 0.1], ['2.5', 2.5]] },
]; // prettier-ignore

/** 38 nines with the point in every place, and the least step. */
const decimals: readonly TypeSamples[] = Array.from({ length: 39 }, (_, scale) => {
  const placed = (digits: string) => {
    const whole = digits.slice(0, 38 - scale).replace(/^0+(?=\d)/, '') || '0';
    return scale === 0 ? whole : `${whole}.${digits.slice(38 - scale)}`;
  };
  const most = placed('9'.repeat(38));
  return { type: `decimal(38,${scale})`, samples: same(`-${most}`, most, placed('1'.padStart(38, '0'))) };
});

const exact: readonly TypeSamples[] = [
  ...decimals,
  { type: 'numeric(9,2)', samples: [["'-9999999.99'", '-9999999.99'], ['1.5', '1.50'], ['0', '0.00']] },
  { type: 'money', samples: [
    ['-922337203685477.5808', '-922337203685477.5808'],
    ['922337203685477.5807', '922337203685477.5807'],
    ['12.5', '12.5000'],
  ] },
  { type: 'smallmoney', samples: [['-214748.3648', '-214748.3648'], ['214748.3647', '214748.3647'], ['0.0001', '0.0001']] },
]; // prettier-ignore

const moments: readonly TypeSamples[] = [
  { type: 'date', samples: same('0001-01-01', '9999-12-31', '2000-02-29') },
  {
    type: 'datetime',
    samples: same('1753-01-01T00:00:00.000', '9999-12-31T23:59:59.997', '2026-11-20T09:15:30.003'),
  },
  {
    type: 'smalldatetime',
    samples: same('1900-01-01T00:00:00', '2079-06-06T23:59:00', '2026-11-20T09:15:00'),
  },
  ...seven.flatMap((scale): TypeSamples[] => {
    const [zeros, nines, odd] = ['0000000', '9999999', '1234567'].map((digits) => fraction(digits, scale));
    return [
      {
        type: `time(${scale})`,
        samples: same(`00:00:00${zeros}`, `23:59:59${nines}`, `12:34:56${odd}`),
      },
      {
        type: `datetime2(${scale})`,
        samples: same(
          `0001-01-01T00:00:00${zeros}`,
          `9999-12-31T23:59:59${nines}`,
          `2026-11-20T09:15:30${odd}`,
        ),
      },
      {
        type: `datetimeoffset(${scale})`,
        samples: same(
          `0001-01-01T00:00:00${zeros}+00:00`,
          `9999-12-31T23:59:59${nines}+00:00`,
          `2026-11-20T09:15:30${odd}-08:45`,
          `2026-11-20T09:15:30${odd}+14:00`,
        ),
      },
    ];
  }),
];

/** UTF-16 code units, also those that are no character. */
const utf16 = (text: string, type = 'nvarchar(100)') =>
  `CONVERT(${type}, 0x${Buffer.from(text, 'utf16le').toString('hex')})`;
const unicode = (...texts: readonly string[]) => texts.map((text) => [utf16(text), text] as const);
const oddTexts = ['', 'Łukasz 🙂', 'a  ', '\ud83d', '\ude42\ud83d', 'a\u0000b', '\u2028\u0007\uffff', "it's"];

const characters: readonly TypeSamples[] = [
  { type: 'char(5)', samples: [["''", '     '], ["'abcde'", 'abcde'], ["'é€ '", 'é€   ']] },
  { type: 'varchar(20)', samples: [["''", ''], ["'a  '", 'a  '],  ["'é€ÿ'", 'é€ÿ'], ["CHAR(129) + CHAR(157)", '\u0081\u009d'], ["'it''s'", "it's"]] },
  { type: 'varchar(max)', samples: [["''", ''], ["'é€ '", 'é€ '], ["REPLICATE(CONVERT(varchar(max), 'ab'), 50000)", 'ab'.repeat(50_000)]] },
  { type: 'text', samples: [["''", ''], ["'é€ '", 'é€ ']] },
  { type: 'nchar(5)', samples: [["N''", '     '], ["N'日本'", '日本   '], [utf16('🙂\u0000\ud83d'), '🙂\u0000\ud83d ']] },
  { type: 'nvarchar(20)', samples: unicode(...oddTexts) },
  { type: 'nvarchar(max)', samples: [...unicode(...oddTexts), ["REPLICATE(CONVERT(nvarchar(max), N'🙂'), 30000)", '🙂'.repeat(30_000)]] },
  { type: 'ntext', samples: unicode(...oddTexts) },
  { type: 'sysname', samples: [["N'a'", 'a'], ["N'é'", 'é']] },
  { type: 'xml', samples: [["N'<a/>'", '<a/>'], ["N'<a b=\"1\">x &amp; 🙂</a>'", '<a b="1">x &amp; 🙂</a>'], ["N''", '']] },
]; // prettier-ignore

const bytes: readonly TypeSamples[] = [
  { type: 'binary(4)', samples: [['0x00000000', 'AAAAAA=='], ['0xFFFFFFFF', '/////w=='], ['0x0A', 'CgAAAA==']] },
  { type: 'varbinary(10)', samples: [['0x', ''], ['0x00', 'AA=='], ['0xFFD8FF', '/9j/']] },
  { type: 'varbinary(max)', samples: [['0x', ''], ['0xFFD8FF', '/9j/'], ['0x' + '00FF'.repeat(20_000), Buffer.alloc(40_000, Buffer.from([0, 255])).toString('base64')]] },
  { type: 'image', samples: [['0x', ''], ['0xFFD8FF', '/9j/']] },
  { type: 'uniqueidentifier', samples: [
    ["'00000000-0000-0000-0000-000000000000'", '00000000-0000-0000-0000-000000000000'],
    ["'ffffffff-ffff-ffff-ffff-ffffffffffff'", 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'],
    ["'6f9619ff-8b86-d011-b42d-00c04fc964ff'", '6F9619FF-8B86-D011-B42D-00C04FC964FF'],
  ] },
]; // prettier-ignore

const variants: readonly (readonly [sql: string, value: Value])[] = [
  ['CAST(1 AS bit)', 'bit:true'],
  ['CAST(255 AS tinyint)', 'tinyint:255'],
  ['CAST(-2147483648 AS int)', 'int:-2147483648'],
  ['CAST(9223372036854775807 AS bigint)', 'bigint:9223372036854775807'],
  ["CAST('1.50' AS decimal(38,2))", 'decimal(38,2):1.50'],
  ["CAST('0.00000000000000000000000000000000000001' AS numeric(38,38))", `numeric(38,38):0.${'1'.padStart(38, '0')}`],
  ['CAST(1.1 AS real)', 'real:1.1'],
  ['0.1E0 + 0.2E0', 'float:0.30000000000000004'],
  ['CAST(922337203685477.5807 AS money)', 'money:922337203685477.5807'],
  ['CAST(0.0001 AS smallmoney)', 'smallmoney:0.0001'],
  ["CAST('0001-01-01' AS date)", 'date:0001-01-01'],
  ["CAST('23:59:59.9999999' AS time(7))", 'time(7):23:59:59.9999999'],
  ["CAST('12:34:56' AS time(0))", 'time(0):12:34:56'],
  ["CAST('2026-11-20T09:15:30.003' AS datetime)", 'datetime:2026-11-20T09:15:30.003'],
  ["CAST('2026-11-20T09:15:00' AS smalldatetime)", 'smalldatetime:2026-11-20T09:15:00'],
  ["CAST('9999-12-31 23:59:59.999' AS datetime2(3))", 'datetime2(3):9999-12-31T23:59:59.999'],
  ["CAST('2026-11-20 09:15:30.1234567 -08:45' AS datetimeoffset(7))", 'datetimeoffset(7):2026-11-20T09:15:30.1234567-08:45'],
  ["CAST('6f9619ff-8b86-d011-b42d-00c04fc964ff' AS uniqueidentifier)", 'uniqueidentifier:6F9619FF-8B86-D011-B42D-00C04FC964FF'],
  ['CAST(0xFFD8FF AS varbinary(10))', 'varbinary:/9j/'],
  ["CAST('a:b,c' AS varchar(20))", 'varchar:a:b,c'],
  ["CAST('ab' AS char(4))", 'char:ab  '],
  ["CAST(REPLICATE('a', 8000) AS varchar(8000))", `varchar:${'a'.repeat(8_000)}`],
  ["CAST(N'Łukasz 🙂' AS nvarchar(20))", 'nvarchar:Łukasz 🙂'],
  ["CAST(N'' AS nvarchar(20))", 'nvarchar:'],
]; // prettier-ignore

const others: readonly TypeSamples[] = [
  { type: 'sql_variant', samples: variants },
  {
    type: 'hierarchyid',
    samples: ['/', '/1/', '/1/2.5/-3/'].map((path) => [`CAST('${path}' AS hierarchyid)`, path] as const),
  },
  {
    type: 'geography',
    samples: [
      ["geography::STGeomFromText('POINT (-122.349 47.651)', 4326)", 'SRID=4326;POINT (-122.349 47.651)'],
      ["geography::STGeomFromText('POINT (-122.349 47.651 1.5 2.5)', 4326)", 'SRID=4326;POINT (-122.349 47.651 1.5 2.5)'],
    ],
  },
  {
    type: 'geometry',
    samples: [
      ["geometry::STGeomFromText('LINESTRING (0 0, 1 1)', 0)", 'SRID=0;LINESTRING (0 0, 1 1)'],
      ["geometry::STGeomFromText('POINT EMPTY', 0)", 'SRID=0;POINT EMPTY'],
    ],
  },
]; // prettier-ignore

export const valueSamples = { integers, floats, exact, moments, characters, bytes, others } as const;

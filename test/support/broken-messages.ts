/**
 * Messages that no ingester writes: what is refused of them, with its reason, and what is delivered nevertheless. All are
 * of the session `s/d/dbo.T`; the changes of message `i` have the numbers from `10 * i + 1` on, so that the messages can be sent
 * one after the other.
 */
import { gzipSync } from 'node:zlib';
import { encodeEnvelope, maxChangesOfMessage } from '@dstream/core';
import { aChange, lineOfVersion1 } from './a-change.ts';

/** Stands in every message where a table's data stand. No reason may repeat it. */
export const content = 'Geheimnis-4711';

/** Processes start with a generation of today, so one of 1970 is never in the future. */
const stamp = { generation: 1, epoch: 1 };

/** One message. */
export interface BrokenMessage {
  readonly name: string;
  readonly body: Uint8Array;
  /** The reasons of what is dead-lettered, by the index of the line. */
  readonly refused: ReadonlyMap<number, string>;
  /** The lines that are delivered, byte for byte as they arrived. */
  readonly delivered: readonly Uint8Array[];
}

type Metadata = Readonly<Record<string, unknown>>;

interface Envelope {
  readonly data: unknown;
  readonly before?: unknown;
  readonly metadata: Metadata;
}

/** A sound line: change `n`. */
function sound(n: number): string {
  return encodeEnvelope({ data: { N: n, Name: content }, metadata: aChange(n).metadata }, stamp);
}

/** A sound line with other fields of the envelope. */
function envelope(n: number, fields: object): string {
  return JSON.stringify({ ...(JSON.parse(sound(n)) as Envelope), ...fields });
}

/** A sound line with other fields of its metadata. */
function metadata(n: number, fields: object): string {
  return envelope(n, { metadata: { ...(JSON.parse(sound(n)) as Envelope).metadata, ...fields } });
}

/** A sound line in which the text of one value is another: what JSON.stringify does not write. */
function replaced(n: number, part: string, by: string): string {
  const line = sound(n);
  if (!line.includes(part)) throw new Error(`no ${part} in ${line}`);
  return line.replace(part, () => by);
}

/** Bytes instead of the name in a sound line. */
function withBytes(n: number, ...bytes: readonly number[]): Uint8Array {
  const [start = '', end = ''] = sound(n).split(content);
  return Buffer.concat([Buffer.from(`${start}${content}`), Buffer.from(bytes), Buffer.from(end)]);
}

const name = JSON.stringify(content);
const megabyte = 1_000_000;

type Line = (n: number) => string | Uint8Array;

const notJson: Readonly<Record<string, Line>> = {
  'a sentence': () => `${content} is no JSON`,
  XML: () => `<change><Name>${content}</Name></change>`,
  'an envelope that was cut': (n) => sound(n).slice(0, -20),
  'an envelope without its start': (n) => sound(n).slice(20),
  'an envelope and more': (n) => `${sound(n)}}`,
  'two envelopes on one line': (n) => sound(n) + sound(n + 1),
  'line ends of an old Macintosh': (n) => `${sound(n)}\r${sound(n + 1)}`,
  'single quotes': (n) => sound(n).replaceAll('"', "'"),
  'a comma at the end': (n) => replaced(n, `${name}}`, `${name},}`),
  'a comment': (n) => `${sound(n)} // ${content}`,
  NaN: (n) => replaced(n, `"N":${n}`, '"N":NaN'),
  Infinity: (n) => replaced(n, `"N":${n}`, '"N":-Infinity'),
  'a hexadecimal number': (n) => replaced(n, `"N":${n}`, '"N":0x1F'),
  'a leading zero': (n) => replaced(n, `"N":${n}`, '"N":007'),
  undefined: (n) => replaced(n, `"N":${n}`, '"N":undefined'),
  'a NUL byte in a text': (n) => withBytes(n, 0),
  'a NUL byte at the end': (n) => `${sound(n)}\0`,
  'a tab in a text': (n) => withBytes(n, 9),
  'a bad escape': (n) => replaced(n, name, `"${content}\\x41"`),
  'half of a Unicode escape': (n) => replaced(n, name, `"${content}\\ud8"`),
  'UTF-16 without a byte order mark': (n) => Buffer.from(sound(n), 'utf16le'),
  'a megabyte of brackets that are never closed': () => '['.repeat(megabyte),
  base64: (n) => Buffer.from(sound(n)).toString('base64'),
  'an event stream': (n) => `data: ${sound(n)}`,
};

const notUtf8: Readonly<Record<string, Line>> = {
  'a byte that UTF-8 never has': (n) => withBytes(n, 0xff),
  'Latin-1': (n) => withBytes(n, 0xe9),
  'an overlong slash': (n) => withBytes(n, 0xc0, 0xaf),
  'an overlong NUL': (n) => withBytes(n, 0xc0, 0x80),
  'a surrogate in UTF-8': (n) => withBytes(n, 0xed, 0xa0, 0x80),
  'a character beyond Unicode': (n) => withBytes(n, 0xf4, 0x90, 0x80, 0x80),
  'half of a character': (n) => withBytes(n, 0xf0, 0x9f, 0x90),
  'UTF-16 with a byte order mark': (n) => Buffer.from(`\ufeff${sound(n)}`, 'utf16le'),
  gzip: (n) => gzipSync(sound(n), { level: 0 }).subarray(0, 10),
};

const empty: Readonly<Record<string, Line>> = {
  'a line end': () => '\n',
  blanks: () => ' \t ',
  'a line end of Windows': () => '\r\n',
};

const notAnObject: Readonly<Record<string, Line>> = {
  null: () => 'null',
  'a number': () => '4711',
  'a boolean': () => 'true',
  'a text': () => name,
  'JSON in a text': (n) => JSON.stringify(sound(n)),
  'an array of envelopes': (n) => `[${sound(n)},${sound(n + 1)}]`,
  'an empty array': () => '[]',
};

/** Text of so many objects in each other. */
const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

const tooDeep: Readonly<Record<string, Line>> = {
  'a megabyte of objects as data': (n) => replaced(n, `"N":${n}`, `"N":${nested(megabyte / 6)}`),
  'a megabyte of arrays as metadata.more': (n) =>
    metadata(n, {}).replace(/}}$/, `,"more":${'['.repeat(megabyte / 2)}${']'.repeat(megabyte / 2)}}}`),
  'a tenth of it': (n) => replaced(n, `"N":${n}`, `"N":${nested(megabyte / 60)}`),
  '33 levels': (n) => metadata(n, {}).replace(/}}$/, `,"more":${nested(31)}}}`),
};

const noData = 'has no data: null or an object of plain values is expected';

/** What is wrong, the line, and the rest of the reason after "the envelope ". */
const shapes: readonly (readonly [string, Line, string])[] = [
  ['an empty object', () => '{}', noData],
  ['without data', (n) => envelope(n, { data: undefined }), noData],
  ...[[1, content], content, 4711, true, [{ N: content }], { N: { of: content } }, { N: [content] }].map(
    (data): (typeof shapes)[number] => [
      `data that is ${JSON.stringify(data)}`,
      (n) => envelope(n, { data }),
      noData,
    ],
  ),
  ...[[content], content, 1, false, { N: [1] }].map((before): (typeof shapes)[number] => [
    `a before that is ${JSON.stringify(before)}`,
    (n) => envelope(n, { before }),
    'has a before that is not an object of plain values',
  ]),
  ['without metadata', (n) => envelope(n, { metadata: undefined }), 'has no metadata'],
  ...[null, [], content, 1].map((value): (typeof shapes)[number] => [
    `metadata that is ${JSON.stringify(value)}`,
    (n) => envelope(n, { metadata: value }),
    'has no metadata',
  ]),
  ['data and metadata only of its __proto__', (n) => `{"__proto__":${sound(n)}}`, noData],
  [
    'metadata only of its __proto__',
    (n) =>
      `{"data":null,"metadata":{"__proto__":${JSON.stringify((JSON.parse(sound(n)) as Envelope).metadata)}}}`,
    'has no metadata.version',
  ],
  ['another format: Debezium', () => `{"before":null,"after":{"N":${name}},"op":"c"}`, noData],
];

const noTime = 'that is not a time in ISO 8601, UTC';
const noCount = 'that is not a whole number that is not negative';
const noName = 'that is not a text of 1 to 512 characters';
const noOperation = 'that is not one of insert, update, delete, read, gap';
const noColumns = 'that is not a list of columns in data or before';
const noGap = 'that is not a reason, a from and a to';

/** Values of fields of the metadata, and the rest of the reason. */
const values: readonly (readonly [field: string, values: readonly unknown[], reason: string])[] = [
  ['version', [0, 3, '2', 2.5, null, 'constructor', '__proto__'], 'that is not 1 or 2'],
  ['operation', ['upsert', 'INSERT', 'toString', 'constructor', '__proto__', '', 1, null], noOperation],
  [
    'id',
    ['', 'i'.repeat(97), 'i'.repeat(megabyte), 7, null, [content]],
    'that is not a text of 1 to 96 characters',
  ],
  ['source', [null, ''], noName],
  ['server', [1, 's'.repeat(513)], noName],
  ['database', [{}, ''], noName],
  ['schema', [[], 's'.repeat(513)], noName],
  ['table', [false, 't'.repeat(megabyte)], noName],
  ['position', [1, '', 'p'.repeat(513)], noName],
  ['key', [[content], content, 1, { N: { of: content } }], 'that is not null or an object of plain values'],
  ['origin', [null, [content], { lsn: {} }], 'that is not an object of plain values'],
  ['changed', [7, content, { N: true }, [7], [null], null], 'that is not a list of column names'],
  [
    'unavailable',
    [content, { N: 1 }, [content], [{ in: 'after', columns: [] }], [{ in: 'data' }]],
    noColumns,
  ],
  ['gap', [null, content, {}, { reason: content, from: {}, to: {} }], noGap],
  ['sequence', [-1, 1.5, '1', null, 2 ** 53, true], noCount],
  ['generation', [-1, '1', null, 2 ** 53, [1]], noCount],
  ['epoch', [-1, 0.1, '1', null], noCount],
  [
    'committedAt',
    [
      1_795_166_130_123,
      null,
      '',
      content,
      '20 Nov 2026',
      '2026-11-20',
      '2026-11-20T09:15:30',
      '2026-11-20T09:15:30+01:00',
      '2026-11-20 09:15:30Z',
      '2026-13-01T00:00:00Z',
      '2026-00-10T00:00:00Z',
      '2026-11-00T00:00:00Z',
      '2026-11-31T00:00:00Z',
      '2026-02-29T00:00:00Z',
      '1900-02-29T00:00:00Z',
      '2026-02-30T00:00:00.123Z',
      '2026-04-31T24:00:00Z',
      '2026-11-20T25:00:00Z',
      '2026-11-20T24:00:01Z',
      '2026-11-20T09:60:00Z',
      '2026-11-20T23:59:60Z',
      '12026-11-20T00:00:00Z',
    ],
    noTime,
  ],
];

/** Numbers that JSON.stringify would not write. */
const numbers: readonly (readonly [field: string, text: string])[] = [
  ['sequence', '1e400'],
  ['sequence', '-1e400'],
  ['sequence', '9007199254740993'],
  ['generation', '1e400'],
  ['generation', '99999999999999999999'],
  ['epoch', '0.9999999999999999'],
];

const fields =
  'version operation id source server database schema table key sequence committedAt position generation epoch origin';
/** In place of a value of the metadata. */
const mark = JSON.stringify('\0');

/** For the name of a message. */
function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 10)}… of ${text.length} characters` : text;
}

const wrongMetadata: readonly (readonly [string, Line, string])[] = [
  ...fields
    .split(' ')
    .map((field): (typeof shapes)[number] => [
      `without metadata.${field}`,
      (n) => metadata(n, { [field]: undefined }),
      `has no metadata.${field}`,
    ]),
  ...values.flatMap(([field, wrong, reason]) =>
    wrong.map((value): (typeof shapes)[number] => [
      `metadata.${field} that is ${shown(value)}`,
      (n) => metadata(n, { [field]: value }),
      `has a metadata.${field} ${reason}`,
    ]),
  ),
  ...numbers.map(([field, text]): (typeof shapes)[number] => [
    `metadata.${field} that is ${text}`,
    (n) => metadata(n, { [field]: '\0' }).replace(mark, text),
    `has a metadata.${field} ${noCount}`,
  ]),
  ['a gap without metadata.gap', (n) => metadata(n, { operation: 'gap' }), 'has no metadata.gap'],
  [
    'version 1 with the fields of version 2',
    (n) => metadata(n, { version: 1 }),
    'has no metadata.captureInstance',
  ],
  [
    'version 2 with the fields of version 1',
    (n) => lineOfVersion1(aChange(n), stamp).replace('"version":1', '"version":2'),
    'has no metadata.origin',
  ],
  [
    'a generation that no clock has given',
    (n) => metadata(n, { generation: Date.now() + 400 * 86_400_000 }),
    'has a metadata.generation that is more than a year ahead of every clock',
  ],
];

const ofAnotherTable: Readonly<Record<string, object>> = {
  'another table': { table: 'Other' },
  'a table in other letters': { table: 't' },
  'another schema': { schema: 'sales' },
  'another database': { database: 'e' },
  'another server': { server: 's2' },
  'a table that is named as the session': { schema: 's/d/dbo', table: 'T' },
};

/** Lines that are odd and right: they are delivered as they are. */
const odd: Readonly<Record<string, Line>> = {
  'a column __proto__': (n) => replaced(n, '"Name"', '"__proto__"'),
  'columns with names of Object.prototype': (n) =>
    replaced(n, '"Name"', '"constructor":1,"toString":null,"hasOwnProperty":"x","Name"'),
  'an envelope with a __proto__': (n) =>
    replaced(n, '{"data"', '{"__proto__":{"data":[1],"before":7},"data"'),
  'a key and an origin with a __proto__': (n) =>
    metadata(n, { key: { ['__proto__']: 1 }, origin: { ['__proto__']: null } }),
  'a column twice': (n) => replaced(n, `"N":${n}`, `"N":4711,"N":${n}`),
  'data twice, of which the first is wrong': (n) => replaced(n, '{"data"', '{"data":[7],"data"'),
  'metadata twice': (n) => replaced(n, '"metadata"', '"metadata":null,"metadata"'),
  'an integer beyond 2^53': (n) => replaced(n, name, '9007199254740993'),
  'a number beyond doubles': (n) => replaced(n, name, '1e400'),
  'a number of 400 digits': (n) => replaced(n, name, '7'.repeat(400)),
  'minus zero': (n) => replaced(n, name, '-0'),
  'a sequence that is minus zero': (n) => metadata(n, { sequence: '\0' }).replace(mark, '-0'),
  'a sequence with an exponent': (n) => metadata(n, { sequence: '\0' }).replace(mark, '1e2'),
  'half of a surrogate pair': (n) => replaced(n, name, '"\\ud83d"'),
  'an escaped NUL': (n) => replaced(n, name, '"\\u0000"'),
  'line separators of Unicode': (n) => replaced(n, name, '"\u2028\u2029\u0085"'),
  'characters beyond the first plane': (n) => replaced(n, name, '"🐎 Žluťoučký kůň \u{10ffff}"'),
  'a noncharacter': (n) => replaced(n, name, '"\uffff"'),
  'a byte order mark in a text': (n) => replaced(n, name, '"\ufeff"'),
  'a column without a name': (n) => replaced(n, '"Name"', '""'),
  'a text of half a megabyte': (n) => replaced(n, name, `"${'x'.repeat(megabyte / 2)}"`),
  'ten thousand columns': (n) =>
    envelope(n, { data: Object.fromEntries(Array.from({ length: 10_000 }, (_, c) => [`c${c}`, c])) }),
  'no columns': (n) => envelope(n, { data: {} }),
  'data that is null': (n) => envelope(n, { data: null }),
  'a before that is null': (n) => envelope(n, { before: null }),
  'no key': (n) => metadata(n, { key: null }),
  'fields of a later version': (n) => envelope(n, { more: [{ of: ['them'] }] }),
  'blanks around it': (n) => ` \t${sound(n)} `,
  'a carriage return at its end': (n) => `${sound(n)}\r`,
  'blanks between everything': (n) => sound(n).replaceAll(/([{}:,])(?=")/g, '$1 '),
  'a leap day': (n) => metadata(n, { committedAt: '2000-02-29T23:59:59.999999999Z' }),
  'midnight as 24:00': (n) => metadata(n, { committedAt: '2026-12-31T24:00:00Z' }),
};

/** Marks of the lines of a pack. */
type Part = Line | { readonly line: Line; readonly reason: string };

const notJsonReason = 'the envelope is not JSON';
const bad = { line: () => `${content} is no JSON`, reason: notJsonReason };
const badBytes = { line: (n: number) => withBytes(n, 0xff), reason: 'the envelope is not UTF-8 text' };
const badShape = { line: () => '{}', reason: `the envelope ${noData}` };
const badTable = {
  line: (n: number) => metadata(n, { table: 'Other' }),
  reason: 'the change does not belong to the session of its message',
};
const blank = { line: () => '', reason: 'the envelope is empty' };

const packs: Readonly<Record<string, readonly Part[]>> = {
  'a bad line at the start': [bad, sound, sound],
  'a bad line in the middle': [sound, bad, sound],
  'a bad line at the end': [sound, sound, bad],
  'a line of bad bytes at the start': [badBytes, sound, sound],
  'a line of bad bytes in the middle': [sound, badBytes, sound],
  'a line of bad bytes at the end': [sound, sound, badBytes],
  'bad lines of each kind among sound ones': [
    bad,
    sound,
    badBytes,
    badShape,
    sound,
    badTable,
    sound,
    blank,
    sound,
  ],
  'only bad lines': [bad, badShape, badBytes],
  'a blank line in the middle': [sound, blank, sound],
  'a second byte order mark': [sound, { line: (n) => `\ufeff${sound(n)}`, reason: notJsonReason }, sound],
  'odd lines among sound ones': [sound, ...Object.values(odd).slice(0, 4), sound],
  'JSON over several lines': ['{', `  "data": { "Name": ${name} }`, '}'].map((line) => ({
    line: () => line,
    reason: notJsonReason,
  })),
};

/** Change numbers of message `i`. */
const firstOf = (i: number) => 10 * i + 1;

const bytesOf = (line: string | Uint8Array): Uint8Array =>
  typeof line === 'string' ? Buffer.from(line) : line;

type Made = (first: number) => Omit<BrokenMessage, 'name'>;

function refusedLine(line: Line, reason: string): Made {
  return (n) => ({ body: bytesOf(line(n)), refused: new Map([[0, reason]]), delivered: [] });
}

function packOf(parts: readonly Part[], lineEnd = '\n'): Made {
  return (first) => {
    const lines = parts.map((part, i) => bytesOf((typeof part === 'function' ? part : part.line)(first + i)));
    const body = Buffer.concat(lines.flatMap((line, i) => (i === 0 ? [line] : [Buffer.from(lineEnd), line])));
    const refused = parts.flatMap((part, i) =>
      typeof part === 'function' ? [] : [[i, part.reason] as const],
    );
    return {
      body,
      refused: new Map(refused),
      delivered: lines.filter((_, i) => typeof parts[i] === 'function'),
    };
  };
}

const wholeBodies: Readonly<Record<string, Made>> = {
  nothing: () => ({ body: Buffer.from(''), refused: new Map([[0, 'the body is empty']]), delivered: [] }),
  'only line ends': () => ({
    body: Buffer.from('\n\n\n'),
    refused: new Map([0, 1, 2].map((index) => [index, 'the envelope is empty'])),
    delivered: [],
  }),
  'a byte order mark and nothing': () => ({
    body: Buffer.from('\ufeff'),
    refused: new Map([[0, 'the body is empty']]),
    delivered: [],
  }),
  'more lines than a dead letter could name': () => ({
    body: Buffer.from('{}\n'.repeat(maxChangesOfMessage + 1)),
    refused: new Map([[0, 'the body has 10001 lines; at most 10000 are allowed']]),
    delivered: [],
  }),
  'a byte order mark and sound lines': (first) => {
    const { body, ...rest } = packOf([sound, sound])(first);
    return { ...rest, body: Buffer.concat([Buffer.from('\ufeff'), body]) };
  },
  'a line end after the last line': (first) => {
    const { body, ...rest } = packOf([sound, sound])(first);
    return { ...rest, body: Buffer.concat([body, Buffer.from('\n')]) };
  },
};

const made: readonly (readonly [string, Made])[] = [
  ...Object.entries(notJson).map(([name, line]) => [name, refusedLine(line, notJsonReason)] as const),
  ...Object.entries(notUtf8).map(
    ([name, line]) => [name, refusedLine(line, 'the envelope is not UTF-8 text')] as const,
  ),
  ...Object.entries(empty).map(([name, line]) => [name, refusedLine(line, 'the envelope is empty')] as const),
  ...Object.entries(notAnObject).map(
    ([name, line]) =>
      [`${name} as an envelope`, refusedLine(line, 'the envelope is not a JSON object')] as const,
  ),
  ...Object.entries(tooDeep).map(
    ([name, line]) => [name, refusedLine(line, 'the envelope is nested deeper than 32 levels')] as const,
  ),
  ...[...shapes, ...wrongMetadata].map(
    ([name, line, reason]) => [name, refusedLine(line, `the envelope ${reason}`)] as const,
  ),
  ...Object.entries(ofAnotherTable).map(
    ([name, fields]) => [name, refusedLine((n) => metadata(n, fields), badTable.reason)] as const,
  ),
  ...Object.entries(odd).map(([name, line]) => [`delivered: ${name}`, packOf([line])] as const),
  ...Object.entries(packs).map(([name, parts]) => [`a pack: ${name}`, packOf(parts)] as const),
  ...Object.entries(wholeBodies),
];

/** All of them, each with changes of its own. */
export const brokenMessages: readonly BrokenMessage[] = made.map(([name, make], i) => ({
  name,
  ...make(firstOf(i)),
}));

/** A sound change between messages `i` and `i + 1`, and its id. */
export function soundBetween(i: number): { readonly line: string; readonly id: string } {
  const n = firstOf(i) + 9;
  return { line: sound(n), id: aChange(n).metadata.id };
}

/** String functions that take text apart and put it together ("String functions"). */
import type { SqlType, SqlValue } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { foldText } from '../comparison/compare-values.ts';
import { convertValue } from '../conversions/convert-value.ts';
import { isBinary } from '../basic/type-facts.ts';
import {
  asTextType,
  bigintType,
  intType,
  lenient,
  literalInt,
  longText,
  strict,
  textOfLength,
} from './arguments.ts';
import type { ScalarFunction } from './scalar-function.ts';

const like = ([first]: readonly SqlType[]): SqlType => asTextType(first);

const lengthType = ([first]: readonly SqlType[]): SqlType => (first?.length === 'max' ? bigintType : intType);

const lengthValue = (length: number, type: SqlType): SqlValue =>
  type.length === 'max' ? BigInt(length) : length;

/** Case changes that keep the length, as SQL Server's do: `ß` stays. */
const recased = (text: string, change: (part: string) => string): string => {
  const changed = change(text);
  if (changed.length === text.length) return changed;
  return Array.from(text, (unit) => (change(unit).length === unit.length ? change(unit) : unit)).join('');
};

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** SUBSTRING counts from 1; a start before the text shortens the result. */
const range = (start: number, length: number): readonly [number, number] => [
  Math.max(0, start - 1),
  Math.max(0, start - 1 + length),
];

const partType: ScalarFunction['type'] = ([first], literals) => {
  const length = literalInt(literals, 1);
  const text = asTextType(first);
  if (length === undefined || text.length === 'max') return text;
  return { ...text, length: Math.max(1, Math.min(length, text.length ?? 1)) };
};

const substring = strict(
  3,
  3,
  ([first]) =>
    first && isBinary(first) ? { name: 'varbinary', length: first.length ?? 'max' } : asTextType(first),
  (args) => {
    const [from, to] = range(args.int(1), args.int(2));
    if (args.int(2) < 0) throw valueErrors.leftLength();
    return isBinary(args.type(0))
      ? (args.value(0) as Uint8Array).slice(from, to)
      : args.text(0).slice(from, to);
  },
);

const left = strict(2, 2, partType, (args) => {
  if (args.int(1) < 0) throw valueErrors.substringLength('left');
  return args.text(0).slice(0, args.int(1));
});

const right = strict(2, 2, partType, (args) => {
  if (args.int(1) < 0) throw valueErrors.substringLength('right');
  const text = args.text(0);
  return text.slice(Math.max(0, text.length - args.int(1)));
});

const replicateType: ScalarFunction['type'] = ([first], literals) => {
  const text = asTextType(first);
  const times = literalInt(literals, 1);
  if (text.length === 'max') return text;
  return textOfLength([text], times === undefined ? 8000 : times * (text.length ?? 1));
};

const replicate = strict(2, 2, replicateType, (args) => {
  const times = args.int(1);
  if (times < 0) return null;
  const text = args.text(0);
  const most =
    asTextType(args.type(0)).length === 'max'
      ? Infinity
      : asTextType(args.type(0)).name === 'nvarchar'
        ? 4000
        : 8000;
  const fitting = text === '' ? 0 : Math.min(times, Math.ceil(most / text.length));
  return text.repeat(fitting).slice(0, most === Infinity ? undefined : most);
});

const stuff = strict(
  4,
  4,
  (types) => longText(types),
  (args) => {
    const text = args.text(0);
    const [start, length] = [args.int(1), args.int(2)];
    if (start < 1 || start > text.length || length < 0) return null;
    return text.slice(0, start - 1) + args.text(3) + text.slice(start - 1 + length);
  },
);

const replace = strict(
  3,
  3,
  (types) => longText(types),
  (args) => {
    const find = args.text(1);
    if (find === '') return args.text(0);
    return args.text(0).replace(new RegExp(escaped(find), 'gi'), () => args.text(2));
  },
);

const translate = strict(3, 3, like, (args) => {
  const [from, to] = [args.text(1), args.text(2)];
  if (from.length !== to.length) throw valueErrors.translateLength();
  const map = new Map<string, string>();
  for (let i = from.length - 1; i >= 0; i--) map.set(foldText(from.charAt(i), false) || ' ', to.charAt(i));
  return Array.from({ length: args.text(0).length }, (_, i) => args.text(0).charAt(i))
    .map((unit) => map.get(foldText(unit, false) || ' ') ?? unit)
    .join('');
});

const concatType: ScalarFunction['type'] = (types) => {
  const texts = types.map(asTextType);
  if (texts.some(({ length }) => length === 'max')) return textOfLength(texts, 'max');
  return textOfLength(
    texts,
    texts.reduce((sum, { length }) => sum + Number(length), 0),
  );
};

const textOrEmpty = (value: SqlValue, type: SqlType | undefined): string =>
  value === null || type === undefined
    ? ''
    : (convertValue(value, type, { name: 'nvarchar', length: 'max' }) as string);

const concat = lenient(2, Infinity, concatType, (values, types) =>
  values.map((value, i) => textOrEmpty(value, types[i])).join(''),
);

const concatWs = lenient(
  3,
  Infinity,
  (types) => longText(types),
  (values, types) =>
    values
      .map((value, i) => (value === null ? undefined : textOrEmpty(value, types[i])))
      .filter((text, i): text is string => i > 0 && text !== undefined)
      .join(textOrEmpty(values[0] ?? null, types[0])),
);

const closing: Readonly<Partial<Record<string, string>>> = {
  '[': ']',
  ']': ']',
  "'": "'",
  '"': '"',
  '(': ')',
  ')': ')',
  '<': '>',
  '>': '>',
  '{': '}',
  '}': '}',
  '`': '`',
};

/** NULL for a name above 128 characters or an unknown quote. */
const quotename = strict(1, 2, { name: 'nvarchar', length: 258 }, (args) => {
  const name = args.text(0);
  const mark = args.count > 1 ? args.text(1).charAt(0) : '[';
  const end = closing[mark];
  if (end === undefined || name.length > 128) return null;
  const start = Object.keys(closing).find((key) => closing[key] === end) ?? mark;
  return start + name.replaceAll(end, end + end) + end;
});

const trimType: ScalarFunction['type'] = (types) => asTextType(types.at(-1));

/** `TRIM(text)` or, as the engine passes `TRIM(characters FROM text)`: characters first. */
const trim = strict(1, 2, trimType, (args) => {
  if (args.count === 1) return args.text(0).replace(/^ +| +$/g, '');
  const set = new Set(args.text(0));
  const text = args.text(1);
  let [from, to] = [0, text.length];
  while (from < to && set.has(text.charAt(from))) from++;
  while (to > from && set.has(text.charAt(to - 1))) to--;
  return text.slice(from, to);
});

const jsonEscapes: Readonly<Partial<Record<string, string>>> = { '/': '\\/' };

const stringEscape = strict(2, 2, { name: 'nvarchar', length: 'max' }, (args) => {
  if (args.text(1).toLowerCase() !== 'json')
    throw valueErrors.argumentTypeInvalid(args.text(1), 2, 'string_escape');
  return Array.from(args.text(0), (c) => jsonEscapes[c] ?? JSON.stringify(c).slice(1, -1)).join('');
});

export const textFunctions: readonly (readonly [string, ScalarFunction])[] = [
  [
    'LEN',
    strict(1, 1, lengthType, (args) => lengthValue(args.text(0).replace(/ +$/, '').length, args.type(0))),
  ],
  ['LEFT', left],
  ['RIGHT', right],
  ['SUBSTRING', substring],
  ['UPPER', strict(1, 1, like, (args) => recased(args.text(0), (part) => part.toUpperCase()))],
  ['LOWER', strict(1, 1, like, (args) => recased(args.text(0), (part) => part.toLowerCase()))],
  ['LTRIM', strict(1, 1, like, (args) => args.text(0).replace(/^ +/, ''))],
  ['RTRIM', strict(1, 1, like, (args) => args.text(0).replace(/ +$/, ''))],
  ['TRIM', trim],
  ['REPLACE', replace],
  ['REPLICATE', replicate],
  [
    'SPACE',
    strict(
      1,
      1,
      (_types, literals) => textOfLength([], literalInt(literals, 0) ?? 8000),
      (args) => (args.int(0) < 0 ? null : ' '.repeat(Math.min(8000, args.int(0)))),
    ),
  ],
  ['STUFF', stuff],
  ['REVERSE', strict(1, 1, like, (args) => args.text(0).split('').reverse().join(''))],
  ['CONCAT', concat],
  ['CONCAT_WS', concatWs],
  ['TRANSLATE', translate],
  ['QUOTENAME', quotename],
  ['STRING_ESCAPE', stringEscape],
];

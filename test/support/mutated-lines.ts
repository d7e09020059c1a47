/** Sound envelopes that something has damaged, for property-based tests: bytes, ends, fields at any depth. */
import fc from 'fast-check';

/** One damaged line; it may still be sound. */
export type Mutation = (line: string) => Uint8Array;

const oddTexts = [
  '__proto__',
  'constructor',
  'toString',
  '',
  '\0',
  '\ud800',
  '1e400',
  '2026-02-30T00:00:00Z',
];

/** Values in place of others. */
const anyValue = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(null, -1, -0, 1.5, 2 ** 53, 1e308, [], {}, [[]], true, ...oddTexts),
);

/** A byte that becomes another one. */
const flip = fc.tuple(fc.nat(), fc.nat(255));

const bytes: fc.Arbitrary<Mutation> = fc
  .array(flip, { minLength: 1, maxLength: 4 })
  .map((flips) => (line) => {
    const damaged = Buffer.from(line);
    for (const [at, byte] of flips) damaged[at % damaged.length] = byte;
    return damaged;
  });

const cut: fc.Arbitrary<Mutation> = fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => (line) => {
  const whole = Buffer.from(line);
  const [from = 0, to = 0] = [a % (whole.length + 1), b % (whole.length + 1)].sort((x, y) => x - y);
  return Buffer.concat([whole.subarray(0, from), whole.subarray(to)]);
});

const inserted: fc.Arbitrary<Mutation> = fc
  .tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }))
  .map(([at, more]) => (line) => {
    const whole = Buffer.from(line);
    const place = at % (whole.length + 1);
    return Buffer.concat([whole.subarray(0, place), more, whole.subarray(place)]);
  });

/** Which field of each object or array on the way down, and how deep. */
const path = fc.array(fc.nat(), { minLength: 1, maxLength: 4 });

const field: fc.Arbitrary<Mutation> = fc.tuple(path, fc.option(anyValue, { nil: undefined, freq: 3 })).map(
  ([steps, value]) =>
    (line) =>
      Buffer.from(JSON.stringify(changed(JSON.parse(line), steps, value))),
);

const renamed: fc.Arbitrary<Mutation> = fc
  .tuple(path, fc.constantFrom(...oddTexts))
  .map(([steps, name]) => (line) => {
    const text = JSON.stringify(changed(JSON.parse(line), steps, '\u0001'));
    return Buffer.from(text.replace(/"[^"]*":"\\u0001"/, () => `${JSON.stringify(name)}:{}`));
  });

/** A copy with another value at the end of the path; without the field where the value is undefined. */
function changed(value: unknown, [step, ...rest]: readonly number[], by: unknown): unknown {
  if (step === undefined || typeof value !== 'object' || value === null) return by;
  const entries = Object.entries(value);
  const [name] = entries[step % entries.length] ?? [];
  if (name === undefined) return by;
  const inner = changed((value as Readonly<Record<string, unknown>>)[name], rest, by);
  if (Array.isArray(value)) return value.map((item: unknown, i) => (String(i) === name ? inner : item));
  return Object.fromEntries(entries.map(([key, old]) => [key, key === name ? inner : old]));
}

/** Damage of every kind. */
export const mutations: fc.Arbitrary<Mutation> = fc.oneof(bytes, cut, inserted, field, field, renamed);

const oddProperty = fc.oneof(
  fc.constantFrom(
    '',
    'x',
    '1/',
    '/p',
    '1/p0001',
    '99999999999999999/p',
    '0-999999',
    '0-',
    '*',
    '\0',
    '\ud800',
  ),
  fc.string({ maxLength: 40 }),
  fc.double(),
  fc.boolean(),
  fc.maxSafeInteger(),
);

/** Application properties as no ingester writes them, under the names that processors read. */
export const oddProperties = fc.dictionary(
  fc.constantFrom(
    ...'follows generation lastPosition firstPosition changes reasons replay-count replay-outputs failed.* failed.out'.split(
      ' ',
    ),
    ...'failed. DeadLetterReason DeadLetterErrorDescription __proto__'.split(' '),
  ),
  oddProperty,
  { noNullPrototype: true },
);

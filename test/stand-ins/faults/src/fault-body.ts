/** Reads the JSON body of a fault into typed fields. Whatever is not as declared is a BadRequest that names it. */

/** Answered with 400 and its message. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

type Read<T> = (value: unknown) => T | undefined;

export interface Field<T, Optional extends boolean = boolean> {
  /** What would be right: `a whole number`. */
  readonly what: string;
  readonly optional: Optional;
  /** Undefined when the value is not right. */
  readonly read: Read<T>;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

type ValueOf<F> = F extends Field<infer T> ? T : never;
type OptionalKeys<F> = { [K in keyof F]: F[K] extends Field<unknown, true> ? K : never }[keyof F];

/** The body that fields describe. */
export type Body<F> = { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: ValueOf<F[K]> } & {
  readonly [K in OptionalKeys<F>]?: ValueOf<F[K]> | undefined;
};

export const wholeNumber: Field<number, false> = {
  what: 'a whole number of at least 0',
  optional: false,
  read: (value) => (Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined),
};

export const text: Field<string, false> = {
  what: 'a text that is not empty',
  optional: false,
  read: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
};

export const flag: Field<boolean, false> = {
  what: 'true or false',
  optional: false,
  read: (value) => (typeof value === 'boolean' ? value : undefined),
};

/** The source of a regular expression, which is matched without regard to case. */
export const pattern: Field<string, false> = {
  what: 'a regular expression',
  optional: false,
  read: (value) => (typeof value === 'string' && isPattern(value) ? value : undefined),
};

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, 'i').source !== '';
  } catch {
    return false;
  }
}

export const optional = <T>(field: Field<T>): Field<T, true> => ({ ...field, optional: true });

/** An absent body counts as an empty one. An unknown field is refused with the names of the known ones. */
export function readBody<F extends Fields>(value: unknown, fields: F): Body<F> {
  if (value !== undefined && (typeof value !== 'object' || value === null || Array.isArray(value)))
    throw new BadRequest('the body must be a JSON object');
  const given: Readonly<Record<string, unknown>> = { ...value };
  for (const name of Object.keys(given))
    if (!(name in fields)) throw new BadRequest(unknownField(name, fields));
  const read = Object.entries(fields).map(([name, field]) => [name, readField(given[name], name, field)]);
  return Object.fromEntries(read) as Body<F>;
}

function readField(value: unknown, name: string, field: Field<unknown>): unknown {
  if (value === undefined && field.optional) return undefined;
  const read = field.read(value);
  if (read === undefined) throw new BadRequest(`"${name}" must be ${field.what}`);
  return read;
}

function unknownField(name: string, fields: Fields): string {
  const known = Object.keys(fields);
  return `unknown field "${name}": ${known.length === 0 ? 'this fault takes none' : `known are ${known.join(', ')}`}`;
}

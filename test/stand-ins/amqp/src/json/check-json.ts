/** Checks of parsed JSON. `at` says where a value stands; what is wrong is an Error that names it and says what is wanted. */
export type Check = (value: unknown, at: string) => void;

export function each(value: unknown, at: string, check: Check): void {
  if (!Array.isArray(value)) fail(at, 'a list');
  value.forEach((item, i) => check(item, `${at}[${i}]`));
}

export function record(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(at, 'an object');
  return value as Readonly<Record<string, unknown>>;
}

export function fail(at: string, wanted: string): never {
  throw new Error(`${at} must be ${wanted}`);
}

import { inspect } from 'node:util';

/**
 * Makes JSON and the inspector show `[secret]` for some properties of an object, which stay plain strings for the
 * program. What protects it is not enumerable: a spread copy is bare again, and only the redactor covers it.
 */
export function conceal<T extends object>(value: T, ...secrets: readonly (keyof T & string)[]): T {
  const hidden = new Set<string>(secrets);
  const masked = () =>
    Object.fromEntries(
      Object.entries(value).map(([key, v]) => [key, hidden.has(key) ? '[secret]' : (v as unknown)]),
    );
  Object.defineProperty(value, 'toJSON', { value: masked });
  Object.defineProperty(value, inspect.custom, { value: masked });
  return value;
}

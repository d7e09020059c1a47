/** The names in a declaration such as `@id int, @price decimal(10, 2) output`, in order. */
export function declaredNames(declarations: string): string[] {
  // A comma inside parentheses belongs to a type; no type nests them.
  const withoutArguments = declarations.replaceAll(/\([^)]*\)/gu, '');
  return withoutArguments
    .split(',')
    .map((part) => /@[^\s]+/u.exec(part)?.[0])
    .filter((name) => name !== undefined);
}

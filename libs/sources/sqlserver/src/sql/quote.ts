/** Quotes a name as `QUOTENAME` does: in brackets, with the closing one doubled. */
export function quoteName(name: string): string {
  return `[${name.replaceAll(']', ']]')}]`;
}

/** A Unicode literal. Only for names in a statement's text: values are bound. */
export function literal(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`;
}

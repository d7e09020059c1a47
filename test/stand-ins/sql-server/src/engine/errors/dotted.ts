/** A name as messages show it: parts that were left out are not there. */
export const dotted = (name: readonly string[]): string => name.filter((part) => part !== '').join('.');

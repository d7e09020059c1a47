/**
 * Any text as ASCII and back. Metadata travels in HTTP headers, where other characters fail or are mangled.
 * A lone surrogate, which has no bytes in UTF-8, comes back as U+FFFD.
 */
export function toAscii(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Undefined for what `toAscii` did not make. */
export function fromAscii(ascii: string): string | undefined {
  try {
    return decodeURIComponent(ascii);
  } catch {
    return undefined;
  }
}

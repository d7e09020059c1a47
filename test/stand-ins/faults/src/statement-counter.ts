/** Counts statements by what they are: white space folded, literals taken out. */

const maxTexts = 1000;
const others = '(other statements)';

/** `WHERE Id = 5` and `WHERE Id = 7` are one statement. Comments stay: they are part of the text. */
export function normaliseStatement(text: string): string {
  return text
    .replace(/N?'(?:[^']|'')*'/g, '?')
    .replace(/\b0x[0-9a-f]*\b/gi, '?')
    .replace(/(?<![\w@#$[])\d+(?:\.\d+)?(?:e[+-]?\d+)?\b/gi, '?')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Texts above the thousandth are counted together, so that memory stays bounded. */
export class StatementCounter {
  readonly #byText = new Map<string, number>();
  #total = 0;

  add(text: string): void {
    const normal = normaliseStatement(text);
    const key = this.#byText.has(normal) || this.#byText.size < maxTexts ? normal : others;
    this.#byText.set(key, (this.#byText.get(key) ?? 0) + 1);
    this.#total += 1;
  }

  get total(): number {
    return this.#total;
  }

  /** Most frequent first. */
  byText(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#byText].toSorted(([, a], [, b]) => b - a));
  }

  clear(): void {
    this.#byText.clear();
    this.#total = 0;
  }
}

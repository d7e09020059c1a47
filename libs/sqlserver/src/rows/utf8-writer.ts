/** Writes text as UTF-8 and gives it out in pieces: parts of a few larger pieces of memory, so none is ever a string. */

/** Bytes of the first piece of memory; each next one is twice as large, up to `largest`. */
const smallest = 4_096;
const largest = 262_144;

/** UTF-8 takes three bytes at most for a UTF-16 unit. */
const bytesPerUnit = 3;
/** Of a longer text it is worth counting how many it takes. */
const longText = 16_384;

/** What must be escaped in a JSON string, and surrogates: those without their other half are escaped, too. */
// oxlint-disable-next-line no-control-regex -- JSON escapes them
const needsEscape = /["\\\u0000-\u001f\ud800-\udfff]/;

/** Text that is written again and again. */
export interface FixedText {
  readonly text: string;
  readonly isAscii: boolean;
}

export function fixedText(text: string): FixedText {
  return { text, isAscii: Buffer.byteLength(text) === text.length };
}

/** True when a JSON string has it as it is, in ASCII. */
export function isPlain(text: string): boolean {
  return /^[ !#-[\]-~]*$/.test(text);
}

export class Utf8Writer {
  #memory: Buffer = Buffer.alloc(0);
  #from = 0;
  #to = 0;
  /** ASCII that is to be written: one write costs what a hundred characters do. */
  #ascii = '';

  /** What was given out keeps its memory; what follows begins small. */
  begin(): void {
    this.#memory = Buffer.alloc(0);
    this.#from = 0;
    this.#to = 0;
    this.#ascii = '';
  }

  /** @param text characters below U+0080 only */
  ascii(text: string): void {
    this.#ascii += text;
  }

  text(text: string): void {
    this.#writeAscii();
    this.#reserve(text.length < longText ? text.length * bytesPerUnit : Buffer.byteLength(text));
    this.#to += this.#memory.write(text, this.#to, 'utf8');
  }

  fixed({ text, isAscii }: FixedText): void {
    if (isAscii) this.ascii(text);
    else this.text(text);
  }

  /**
   * A JSON string.
   * @param plain true when it is known to be so: see `isPlain`
   */
  string(value: string, plain = false): void {
    if (plain) {
      this.ascii(`"${value}"`);
      return;
    }
    if (needsEscape.test(value)) {
      this.text(JSON.stringify(value));
      return;
    }
    this.ascii('"');
    this.text(value);
    this.ascii('"');
  }

  /** All that was written since the last call. It is never written over. */
  take(): Uint8Array {
    this.#writeAscii();
    const piece = this.#memory.subarray(this.#from, this.#to);
    this.#from = this.#to;
    return piece;
  }

  #writeAscii(): void {
    if (this.#ascii === '') return;
    this.#reserve(this.#ascii.length);
    this.#to += this.#memory.write(this.#ascii, this.#to, 'latin1');
    this.#ascii = '';
  }

  #reserve(bytes: number): void {
    if (this.#to + bytes <= this.#memory.length) return;
    const begun = this.#memory.subarray(this.#from, this.#to);
    const usual = Math.min(largest, Math.max(smallest, this.#memory.length * 2));
    this.#memory = Buffer.allocUnsafeSlow(Math.max(usual, begun.length * 2, begun.length + bytes));
    this.#memory.set(begun);
    this.#from = 0;
    this.#to = begun.length;
  }
}

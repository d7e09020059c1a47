/** Writes JSON as UTF-8 into a few larger pieces of memory, without a string of the whole. */

/** Bytes of the first piece of memory; each next one is twice as large, up to `largest`. */
const smallest = 4_096;
const largest = 262_144;

/** UTF-8 takes three bytes at most for a UTF-16 unit. */
const bytesPerUnit = 3;
/** Of a longer text it is worth counting how many it takes. */
const longText = 16_384;
/** Up to so many characters a loop is faster than a call out of JavaScript, and it makes no garbage. */
const shortText = 32;

const quote = 0x22;

const escaped = 1;
const maybeReplacement = 2;
/** By byte: what JSON escapes, and what U+FFFD begins with, which UTF-8 has for a surrogate without its other half. */
const marks = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20 || byte === quote || byte === 0x5c) return escaped;
  return byte === 0xef ? maybeReplacement : 0;
});

function isReplacement(memory: Buffer, at: number): boolean {
  return memory[at + 1] === 0xbf && memory[at + 2] === 0xbd;
}

/** Text that is written again and again, encoded once. */
export type FixedText = Uint8Array & { readonly __brand: 'FixedText' };

/** To be called once for each text, not for each change. */
export function fixedText(text: string): FixedText {
  return Buffer.from(text) as Uint8Array as FixedText;
}

/** A part of a larger piece of memory: a view of each would outlive the row and cost more than the numbers. */
export interface Written {
  readonly memory: Buffer;
  readonly from: number;
  readonly to: number;
}

/** Appends; `take` hands over what was written. Memory is never written over, so what was taken stays valid. */
export class Utf8Writer {
  #memory: Buffer = Buffer.alloc(0);
  #from = 0;
  #to = 0;

  /** Bytes that were written since the last `take`. */
  get length(): number {
    return this.#to - this.#from;
  }

  /** @param text characters below U+0080 only */
  ascii(text: string): void {
    const { length } = text;
    this.#reserve(length);
    const [memory, to] = [this.#memory, this.#to];
    if (length > shortText) memory.write(text, to, 'latin1');
    else for (let i = 0; i < length; i += 1) memory[to + i] = text.charCodeAt(i);
    this.#to = to + length;
  }

  fixed(text: FixedText): void {
    const { length } = text;
    this.#reserve(length);
    const [memory, to] = [this.#memory, this.#to];
    if (length > shortText) memory.set(text, to);
    else for (let i = 0; i < length; i += 1) memory[to + i] = text[i] ?? 0;
    this.#to = to + length;
  }

  text(text: string): void {
    this.#reserve(text.length < longText ? text.length * bytesPerUnit : Buffer.byteLength(text));
    this.#to += this.#memory.write(text, this.#to, 'utf8');
  }

  /**
   * A JSON string.
   * @param plain true when it is known to be ASCII that needs no escape
   */
  string(value: string, plain = false): void {
    const from = this.length;
    this.#byte(quote);
    if (plain) this.ascii(value);
    else this.text(value);
    if (plain || !this.#needsEscape(from + 1)) this.#byte(quote);
    else {
      this.#to = this.#from + from;
      this.text(JSON.stringify(value));
    }
  }

  /** Where all lies that was written since the last call. It is never written over. */
  take(): Written {
    const written = { memory: this.#memory, from: this.#from, to: this.#to };
    this.#from = this.#to;
    return written;
  }

  /** Whether text that was written from there on must be escaped in JSON. The bytes are faster to check than the text. */
  #needsEscape(from: number): boolean {
    const [memory, to] = [this.#memory, this.#to];
    for (let i = this.#from + from; i < to; i += 1) {
      const mark = marks[memory[i] ?? 0];
      if (mark !== 0 && (mark === escaped || isReplacement(memory, i))) return true;
    }
    return false;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#memory[this.#to] = byte;
    this.#to += 1;
  }

  #reserve(bytes: number): void {
    if (this.#to + bytes <= this.#memory.length) return;
    const begun = this.#memory.subarray(this.#from, this.#to);
    const usual = Math.min(largest, Math.max(smallest, this.#memory.length * 2));
    // With room for what follows a large value in its change: else a quote would take as much memory once more.
    const needed = begun.length + bytes + smallest;
    this.#memory = Buffer.allocUnsafeSlow(Math.max(usual, begun.length * 2, needed));
    this.#memory.set(begun);
    this.#from = 0;
    this.#to = begun.length;
  }
}

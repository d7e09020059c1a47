/** Writes JSON as UTF-8 into a few larger pieces of memory, without a string of the whole. */

/** Bytes of the first piece of memory; each next one is twice as large, up to `largest`. */
const smallest = 4_096;
const largest = 262_144;

/** Bytes of UTF-8 for one UTF-16 unit, at most. */
const bytesPerUnit = 3;
/** The bytes of a longer text are counted first, so that less is reserved. */
const longText = 16_384;
/** Up to so many characters a loop is faster than a call out of JavaScript, and it makes no garbage. */
const shortText = 32;

// oxlint-disable-next-line no-control-regex -- JSON escapes them, and surrogates without their other half
const needsEscape = /["\\\u0000-\u001f\ud800-\udfff]/;
const quote = 0x22;

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
    if (length > shortText) this.#memory.write(text, this.#to, 'latin1');
    else for (let i = 0; i < length; i += 1) this.#memory[this.#to + i] = text.charCodeAt(i);
    this.#to += length;
  }

  fixed(text: FixedText): void {
    const { length } = text;
    this.#reserve(length);
    if (length > shortText) this.#memory.set(text, this.#to);
    else for (let i = 0; i < length; i += 1) this.#memory[this.#to + i] = text[i] ?? 0;
    this.#to += length;
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
    if (!plain && needsEscape.test(value)) {
      this.text(JSON.stringify(value));
      return;
    }
    this.#byte(quote);
    if (plain) this.ascii(value);
    else this.text(value);
    this.#byte(quote);
  }

  /** The location of everything that was written since the last call. It is never written over. */
  take(): Written {
    const written = { memory: this.#memory, from: this.#from, to: this.#to };
    this.#from = this.#to;
    return written;
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
    // With room for what follows a large value in its change: else a quote would need as much memory once more.
    const needed = begun.length + bytes + smallest;
    this.#memory = Buffer.allocUnsafeSlow(Math.max(usual, begun.length * 2, needed));
    this.#memory.set(begun);
    this.#from = 0;
    this.#to = begun.length;
  }
}

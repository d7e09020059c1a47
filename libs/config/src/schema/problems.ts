import { DStreamError } from '@dstream/core';
import type { Place } from '../text/hcl-document.ts';

/** Where a reader reports what it finds. A text names what is wrong and, after a semicolon, what to write. */
export interface Findings {
  /** Refuses the file. */
  add(at: Place, text: string): void;
  /** Accepts the file, and reports something about it. */
  addNote(at: Place, text: string): void;
}

interface Finding extends Place {
  readonly text: string;
}

/**
 * Collects everything found in one file, so that it can be fixed at once instead of one by one. A finding never holds a
 * secret.
 */
export class Problems implements Findings {
  readonly #file: string;
  readonly #strict: boolean;
  readonly #wrong: Finding[] = [];
  readonly #notBuilt: Finding[] = [];
  readonly #notes: Finding[] = [];
  readonly #unready: Finding[] = [];

  /** @param strict notes count as problems */
  constructor(file: string, strict = false) {
    this.#file = file;
    this.#strict = strict;
  }

  add(at: Place, text: string): void {
    this.#wrong.push({ line: at.line, path: at.path, text });
  }

  addNotBuilt(at: Place, text: string): void {
    this.#notBuilt.push({ line: at.line, path: at.path, text });
  }

  addNote(at: Place, text: string): void {
    (this.#strict ? this.#wrong : this.#notes).push({ line: at.line, path: at.path, text });
  }

  /** A note that a command which uses the block takes for a problem. */
  addUnready(at: Place, text: string): void {
    this.addNote(at, text);
    this.#unready.push({ line: at.line, path: at.path, text });
  }

  /** In the order of the file, each as its line among the notes. */
  unready(): readonly { readonly path: string; readonly note: string }[] {
    return this.#unready
      .toSorted((a, b) => a.line - b.line)
      .map((one) => ({ path: one.path, note: this.#lines([one]).join('') }));
  }

  notes(): readonly string[] {
    return this.#lines(this.#notes);
  }

  /** True when nothing is wrong. */
  get isEmpty(): boolean {
    return this.#wrong.length + this.#notBuilt.length === 0;
  }

  /** Another collection, of what is wrong at the paths that are meant. */
  only(isMeant: (path: string) => boolean): Problems {
    const some = new Problems(this.#file);
    some.#wrong.push(...this.#wrong.filter(({ path }) => isMeant(path)));
    return some;
  }

  /** Throws one error with all of it: ConfigInvalid when anything is wrong, else NotBuilt. */
  throwIfAny(): void {
    const all = [...this.#wrong, ...this.#notBuilt];
    if (all.length === 0) return;
    const code = this.#wrong.length > 0 ? 'ConfigInvalid' : 'NotBuilt';
    throw new DStreamError(code, this.#lines(all).join('\n'));
  }

  /** A finding is a line: what its text holds of line ends, as the parser's may, becomes a space. */
  #lines(findings: readonly Finding[]): string[] {
    return findings
      .toSorted((a, b) => a.line - b.line)
      .map(
        ({ line, path, text }) =>
          `${this.#file}:${line}: ${path === '' ? '' : `${path}: `}${onOneLine(text)}`,
      );
  }
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}

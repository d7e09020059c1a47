/** The writers of a publisher: one a path, a bounded number of them open. */
import type { FileWriter } from './file-writer.ts';

/** Returns what gives the place back. */
export type TakePlace = () => Promise<() => void>;

export class OpenWriters {
  readonly #maxOpen: number;
  readonly #make: (path: string, takePlace: TakePlace, rested: () => void) => FileWriter;
  readonly #writers = new Map<string, FileWriter>();
  #open = 0;
  #rested = Promise.withResolvers<void>();

  constructor(maxOpen: number, make: (path: string, takePlace: TakePlace, rested: () => void) => FileWriter) {
    this.#maxOpen = maxOpen;
    this.#make = make;
  }

  at(path: string): FileWriter {
    const known = this.#writers.get(path);
    if (known !== undefined) return known;
    const writer = this.#make(
      path,
      () => this.#takePlace(),
      () => this.#rest(),
    );
    this.#writers.set(path, writer);
    return writer;
  }

  get all(): readonly FileWriter[] {
    return [...this.#writers.values()];
  }

  /** Closes the one that rests longest; waits for one to rest when all are at work. */
  async #takePlace(): Promise<() => void> {
    while (this.#open >= this.#maxOpen) {
      const resting = this.all.filter((writer) => writer.isOpen && !writer.isBusy);
      const [longest] = resting.sort((a, b) => a.usedAtMs - b.usedAtMs);
      if (longest === undefined) await this.#rested.promise;
      else await longest.close();
    }
    this.#open += 1;
    return () => {
      this.#open -= 1;
    };
  }

  #rest(): void {
    this.#rested.resolve();
    this.#rested = Promise.withResolvers();
  }
}

import { errorOf, type Refusal } from './refusal.ts';
import type { RheaLink } from './rhea-internals.ts';

/** The links that are attached, by the entity they were attached to. */
export class OpenLinks {
  readonly #links = new Map<RheaLink, string>();

  get size(): number {
    return this.#links.size;
  }

  add(link: RheaLink, address: string): void {
    this.#links.set(link, address.toLowerCase());
  }

  remove(link: RheaLink): void {
    this.#links.delete(link);
  }

  /** Detaches the links of one address, or all. The client's closing answer removes them. */
  detach(address: string | undefined, refusal: Refusal): number {
    const wanted = address?.toLowerCase();
    const found = [...this.#links].filter(([, known]) => wanted === undefined || known === wanted);
    for (const [link] of found) link.close(errorOf(refusal));
    return found.length;
  }
}

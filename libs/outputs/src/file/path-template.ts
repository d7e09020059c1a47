/** A path that may hold `{{ server }}`, `{{ database }}`, `{{ schema }}` and `{{ table }}`, filled in for each change. */
import { dirname } from 'node:path';
import { fillNames } from '@dstream/config/schema';
import { shorten, type ChangeMetadata, type Hash } from '@dstream/core';

/** Of one filled-in name. File systems take names of 255 bytes. */
const maxName = 100;

export class PathTemplate {
  readonly #template: string;
  readonly #hash: Hash;
  readonly #paths = new Map<string, string>();

  constructor(template: string, hash: Hash) {
    this.#template = template;
    this.#hash = hash;
  }

  /** True when changes may go to several files. */
  get varies(): boolean {
    return fillNames(this.#template, () => '') !== this.#template;
  }

  /** The directory that must be there: those that names fill in are made. */
  get root(): string {
    const fixed = this.#template.split('{{', 1)[0] ?? '';
    return this.varies ? dirname(`${fixed}x`) : dirname(this.#template);
  }

  pathFor(metadata: Pick<ChangeMetadata, 'server' | 'database' | 'schema' | 'table'>): string {
    const { server, database, schema, table } = metadata;
    const key = `${server}\0${database}\0${schema}\0${table}`;
    const known = this.#paths.get(key);
    if (known !== undefined) return known;
    const path = fillNames(this.#template, (part) => this.#safe(metadata[part]));
    this.#paths.set(key, path);
    return path;
  }

  /**
   * A name as part of a file's name on every system: what is not a letter, a digit, `-`, `_` or a dot inside is
   * percent-encoded, so that no name leads to another directory and two names never meet.
   */
  #safe(text: string): string {
    const encoded = text.replace(/[^A-Za-z0-9_.-]+|^\.|\.$/g, percentEncoded);
    return encoded.length <= maxName ? encoded : shorten(encoded, maxName, this.#hash);
  }
}

function percentEncoded(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

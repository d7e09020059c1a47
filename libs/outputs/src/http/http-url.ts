/** The URL of a change, out of a template, and how a URL is shown: without what may be a secret in it. */
import { fillNames, faulty, sound, textOf, type NamedTable, type ValueType } from '@dstream/config/schema';
import { DStreamError, type ChangeEvent, type Hash, type RoutedEvent } from '@dstream/core';
import { secretPartsOf, shownUrl, tokensOf, urlFault } from '@dstream/http-client/schema';
import { isFixedName, namesOfChanges, planOf } from '../destinations/name-parts.ts';

/** Longest a filled-in value gets, in characters before it is encoded. Many servers take URLs of 8,000 bytes. */
const maxValue = 200;

/** The value of the key `url`. Only the path and the query may hold templates: data never decides which host is reached. */
export const urlTemplate: ValueType<string> = {
  expected: 'http or https URL',
  blank: 'http://localhost/',
  read: (given) => {
    const text = textOf(given);
    // A URL may hold a key, so none is repeated.
    if (text === undefined) return faulty('the value is not a URL', 'write it in double quotes');
    const [url, other] = ['x', 'y'].map((value) => URL.parse(fillNames(text, () => value)) ?? undefined);
    const fault = urlFault(url);
    if (fault !== undefined) return fault;
    return url?.origin === other?.origin
      ? sound(text)
      : faulty('the host of the URL holds a template', 'write its name');
  },
  secretsOf: ({ value }) => (typeof value === 'string' ? secretPartsOf(value) : []),
};

/** Where changes go: the URL that a transform has chosen, else the one of the template. */
export class UrlTemplate {
  readonly #template: string;
  readonly #hash: Hash;
  readonly #origin: string;
  readonly #urlOf: (event: ChangeEvent) => string;
  readonly #tokens: ReadonlySet<string>;

  constructor(template: string, hash: Hash) {
    this.#template = template;
    this.#hash = hash;
    this.#tokens = new Set(tokensOf(template));
    this.#origin = new URL(fillNames(template, () => 'x')).origin;
    this.#urlOf = namesOfChanges(template, (valueOf) =>
      fillNames(template, (part) => encoded(valueOf(part), hash)),
    );
  }

  /** The URL of all changes, if there is only one. */
  get fixed(): string | undefined {
    return isFixedName(this.#template) ? this.#template : undefined;
  }

  /** A URL of the same host that can be asked whether it answers at all. */
  get probe(): string {
    return this.fixed ?? `${this.#origin}/`;
  }

  /** Throws Rejected for a change that has none. */
  urlFor({ event, destination }: Pick<RoutedEvent, 'event' | 'destination'>): string {
    return destination === undefined ? this.#urlOf(event) : this.#chosen(destination);
  }

  /** For plans: as it is shown. */
  plannedFor(table: NamedTable): string {
    return this.shown(planOf(this.#template, table, (value) => encoded(value, this.#hash)));
  }

  /** A URL of this template for people. What tables and values it is filled in with is shown. */
  shown(url: string): string {
    return shownUrl(url, (part) => this.#tokens.has(part));
  }

  /** A transform may choose a path, or a URL of the same host: headers and signature are meant for no other. */
  #chosen(destination: string): string {
    const url = URL.parse(destination, this.#origin);
    if (
      url !== null &&
      url.origin === this.#origin &&
      url.username === '' &&
      url.password === '' &&
      url.hash === ''
    )
      return url.href;
    const found = url === null ? 'the chosen destination is not a URL' : 'the chosen URL leads elsewhere';
    throw new DStreamError(
      'Rejected',
      `${found}; write a path such as "/orders", or a URL of ${this.#origin}`,
    );
  }
}

/**
 * A value as one segment of a path, or one value of a query: it adds no "/", "?", "&" or "#". A long one is cut and ends in a
 * hash; so does `..`, which cannot be encoded, because every reader of URLs takes `%2E%2E` for the same.
 */
function encoded(value: string, hash: Hash): string {
  const isDots = value === '.' || value === '..';
  if (!isDots && value.length <= maxValue) return encodeURIComponent(value.toWellFormed());
  const beginning = isDots ? '_' : value.slice(0, maxValue - 17);
  return `${encodeURIComponent(beginning.toWellFormed())}-${hash(value).slice(0, 16)}`;
}

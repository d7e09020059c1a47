/** Paths of a `file` output: what a configuration may name, the file that a change goes to, the names of finished files. */
import { basename, dirname, extname, join } from 'node:path';
import { fillNames, type NamedTable } from '@dstream/config/schema';
import { DStreamError, shorten, type ChangeEvent, type Hash, type RoutedEvent } from '@dstream/core';
import { isFixedName, namesOfChanges, planOf } from '../destinations/name-parts.ts';

/** Longest a filled-in name gets, in characters of its encoding. File systems take names of 255 bytes. */
const maxName = 100;

/** A path that may hold `{{ table }}` and other parts of names, filled in for each change. */
export class PathTemplate {
  readonly #template: string;
  readonly #hash: Hash;
  readonly #pathOf: (event: ChangeEvent) => string;

  constructor(template: string, hash: Hash) {
    this.#template = template;
    this.#hash = hash;
    this.#pathOf = namesOfChanges(template, (valueOf) =>
      fillNames(template, (part) => encodeName(valueOf(part), hash)),
    );
  }

  /** True when changes may go to several files. */
  get varies(): boolean {
    return !isFixedName(this.#template);
  }

  /** The directory that must exist. Directories below it, whose names are filled in, are created. */
  get root(): string {
    const fixed = this.#template.split('{{', 1)[0] ?? '';
    return this.varies ? dirname(`${fixed}x`) : dirname(this.#template);
  }

  /**
   * The file of a change: the one that a transform has chosen, else the one of the template. Two tables share a file only if
   * the template allows it. Throws Rejected when the change has none.
   */
  pathFor({ event, destination }: Pick<RoutedEvent, 'event' | 'destination'>): string {
    return destination === undefined ? this.#pathOf(event) : this.#chosen(destination);
  }

  /** For plans. */
  plannedFor(table: NamedTable): string {
    return planOf(this.#template, table, (value) => encodeName(value, this.#hash));
  }

  /** A chosen path is one below the root, so that no change leads out of it. */
  #chosen(path: string): string {
    const names = path.split('/');
    if (names.every((name) => name.length <= maxName && encodeName(name, this.#hash) === name && name !== ''))
      return join(this.root, path);
    const right = `write names of letters, digits, ".", "-" and "_" with "/" between them`;
    throw new DStreamError('Rejected', `"${path}" is no path below ${this.root}; ${right}`);
  }
}

/**
 * Percent-encodes everything but letters, digits, `-`, `_` and dots inside the name, so that the result is a valid file
 * name on every system, no name leads to another directory, and two names never become one.
 */
function encodeName(text: string, hash: Hash): string {
  const encoded = text.replace(/[^A-Za-z0-9_.-]+|^\.|\.$/g, percentEncode);
  return encoded.length <= maxName ? encoded : shorten(encoded, maxName, hash);
}

function percentEncode(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

/** Advice for a path that names something that keeps no data. */
export const useConsole = 'use an output of type "console" and redirect the standard output of dstream to it';

/** Devices and the open descriptors of this process. `/dev/shm` is a directory in memory like any other. */
const specialPath = /^\/+(proc|dev(?!\/+shm\/))\//;

/** What is wrong with a configured path, as far as its text shows: `wrong; right`. Undefined when nothing is. */
export function pathFinding(path: string): string | undefined {
  if (specialPath.test(path)) return `"${path}" keeps nothing that is written to it; ${useConsole}`;
  // Only the scheme is repeated: an address may hold a password.
  const [, scheme] = /^([A-Za-z][A-Za-z\d+.-]*):\/\//.exec(path) ?? [];
  if (scheme !== undefined)
    return `"${scheme}://" begins an address; write the path of a file on this machine`;
  const [home] = /^~[\w-]*\//.exec(path) ?? [];
  if (home !== undefined) return `"${home}" is not replaced by a home directory; write the whole path`;
  if (/(?:^|\/)\.{0,2}$/.test(path)) return `"${path}" is a directory; add the name of a file`;
  return undefined;
}

/**
 * The name under which the file at `path` is finished at `nowMs` (wall clock): `orders.20261121T043512.123Z.jsonl`.
 * Finished names sort by time. The result is later than every finished file of `path` among `names`, even after the
 * clock was set back, so no name is used twice and nothing is overwritten.
 */
export function rotatedPath(path: string, nowMs: number, names: readonly string[]): string {
  const extension = extname(path);
  const stem = basename(path, extension);
  const last = names.map((name) => finishedMs(name, stem, extension)).reduce((a, b) => Math.max(a, b), -1);
  const stamp = new Date(Math.max(Math.floor(nowMs), last + 1)).toISOString().replaceAll(/[-:]/g, '');
  return join(dirname(path), `${stem}.${stamp}${extension}`);
}

const finishedStamp = /^\.(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\d\.\d{3}Z)$/;

/** When a finished file was finished, by its name; -1 for any other file. */
function finishedMs(name: string, stem: string, extension: string): number {
  if (!name.startsWith(stem) || !name.endsWith(extension)) return -1;
  const parts = finishedStamp.exec(name.slice(stem.length, name.length - extension.length));
  if (parts === null) return -1;
  const [, year, month, dayAndHour, minute, second] = parts;
  const ms = Date.parse(`${year}-${month}-${dayAndHour}:${minute}:${second}`);
  return Number.isNaN(ms) ? -1 : ms;
}

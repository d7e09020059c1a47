/** Arithmetic on V8's coverage: which functions ran, and what a reader of them reads. */
import type { Profiler } from 'node:inspector';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Functions that ran, as `libs/core/src/balance.ts:120-340`: the path in the checkout, start and end in its text. */
export type Functions = ReadonlySet<string>;

export interface FileOnPath {
  readonly path: string;
  readonly lines: number;
  /** Lines of its functions that ran, each counted once. */
  readonly executedLines: number;
}

/**
 * The functions of which a part ran. One that was called before and only continued (`await` in a loop) has no call of
 * its own, but a block with a count.
 */
export function executed(scripts: readonly Profiler.ScriptCoverage[], root: string): Functions {
  return new Set(
    scripts.flatMap(({ url, functions }) =>
      functions
        .filter(({ ranges }) => ranges.some(({ count }) => count > 0))
        .map(({ ranges: [whole] }) => {
          return `${relative(root, fileURLToPath(url))}:${whole?.startOffset}-${whole?.endOffset}`;
        }),
    ),
  );
}

export function inAny(all: readonly Functions[]): Functions {
  return new Set(all.flatMap((functions) => [...functions]));
}

export function inAll([first = new Set(), ...others]: readonly Functions[]): Functions {
  return new Set([...first].filter((one) => others.every((functions) => functions.has(one))));
}

export function without(functions: Functions, excluded: Functions): Functions {
  return new Set([...functions].filter((one) => !excluded.has(one)));
}

function pathsOf(functions: Functions): ReadonlySet<string> {
  return new Set([...functions].map((one) => parse(one).path));
}

function parse(one: string): { readonly path: string; readonly start: number; readonly end: number } {
  const [, path = '', start, end] = /^(.*):(\d+)-(\d+)$/.exec(one) ?? [];
  return { path, start: Number(start), end: Number(end) };
}

/** The files of these functions, by path. @param read gives the text of a file */
export function filesOf(functions: Functions, read: (path: string) => string): readonly FileOnPath[] {
  return [...pathsOf(functions)].sort().map((path) => {
    const text = read(path);
    const own = [...functions].map(parse).filter((one) => one.path === path);
    const numbers = own.flatMap(({ start, end }) => {
      const first = lineAt(text, start);
      return Array.from({ length: lineAt(text, end) - first + 1 }, (_, n) => first + n);
    });
    return { path, lines: lineAt(text, text.length - 1), executedLines: new Set(numbers).size };
  });
}

/** Counts from 1. */
function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

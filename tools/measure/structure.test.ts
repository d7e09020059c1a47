import { API } from 'typescript/unstable/sync';
import { expect, test } from 'vitest';
import { structureOf, type Structure } from './structure.ts';

/** Of a file that only the compiler sees. */
function structure(text: string): Structure {
  const file = '/memory/file.ts';
  const fs = {
    readFile: (path: string) => (path === file ? text : undefined),
    fileExists: (path: string) => path === file,
  };
  const compiler = new API({ cwd: '/memory', fs });
  try {
    using snapshot = compiler.updateSnapshot({ openFiles: [file] });
    const source = snapshot.getDefaultProjectForFile(file)?.program.getSourceFile(file);
    if (source === undefined) throw new Error(`the compiler does not know ${file}`);
    return structureOf(source);
  } finally {
    compiler.close();
  }
}

test('a docstring is directly before its export: the head of a file with imports is none, nor is a line comment', () => {
  const { exports } = structure(`/** What the file is for. */
import { a } from './a.ts';

export interface Plain {}
/** Promises. */
export const documented = a, second = 1;
// A reason.
export class Commented {}
/** Promises. */
export type Text = string;
export enum Kind { A }
/** Nobody else sees it. */
const own = 1;
`);
  expect(exports).toEqual([
    { name: 'Plain', line: 4, documented: false },
    { name: 'documented', line: 6, documented: true },
    { name: 'second', line: 6, documented: true },
    { name: 'Commented', line: 8, documented: false },
    { name: 'Text', line: 10, documented: true },
    { name: 'Kind', line: 11, documented: false },
  ]);
});

test('signatures of one function are one export; re-exports are none', () => {
  const { exports } = structure(`export { a } from './a.ts';
export * from './b.ts';
/** Promises. */
export function twice(value: string): string;
export function twice(value: number): number;
export function twice(value: unknown): unknown {
  return value;
}
`);
  expect(exports).toEqual([{ name: 'twice', line: 4, documented: true }]);
});

test('a function has a name and a body; a callback belongs to the function around it', () => {
  const { functions, lines } = structure(`abstract class Box {
  #value = 1;
  readonly later = () => this.#value;
  /** Not a line of it. */
  constructor() {
    this.#value = 2;
  }
  get value() {
    return this.#value;
  }
  abstract open(): void;
}
export function all(values: readonly number[]): readonly number[] {
  return values.map((value) => {
    return value + 1;
  });
}
const one = () => ({ run: async function () {} });
`);
  expect(lines).toBe(18);
  expect(functions).toEqual([
    { name: 'later', line: 3, lines: 1 },
    { name: 'constructor', line: 5, lines: 3 },
    { name: 'value', line: 8, lines: 3 },
    { name: 'all', line: 13, lines: 5 },
    { name: 'one', line: 18, lines: 1 },
    { name: 'run', line: 18, lines: 1 },
  ]);
});

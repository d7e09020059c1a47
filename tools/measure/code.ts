/** `measure code`: how long files and functions are, and how many exports carry a docstring. */
import { median, percentile } from '../../test/bench/statistics.ts';
import type { SourceFileFigures } from './sources.ts';

/** STYLE: a file holds one idea; above this many lines it should be split. */
const longFileLines = 300;

/** It shows the product and is not part of it. */
const playground = 'apps/playground';

/** @returns lines to print */
export function codeFigures(files: readonly SourceFileFigures[]): readonly string[] {
  const product = files.filter((file) => file.package !== playground);
  const packages = [...new Set(files.map((file) => file.package))];
  return [
    heading,
    ...packages.map((folder) =>
      row(
        folder,
        files.filter((file) => file.package === folder),
      ),
    ),
    row('all', files),
    row(`all but ${playground}`, product),
    '',
    `files over ${longFileLines} lines:`,
    ...longFiles(files),
  ];
}

const columns = [
  'files',
  'lines',
  'file p50',
  'file p90',
  'functions',
  'p50',
  'p90',
  'exports',
  'documented',
];
const heading = line('', columns);

function row(name: string, files: readonly SourceFileFigures[]): string {
  const fileLengths = files.map(({ lines }) => lines);
  const functionLengths = files.flatMap(({ functions }) => functions.map(({ lines }) => lines));
  const exported = files.flatMap(({ exports }) => exports);
  const documented = exported.filter((one) => one.documented).length;
  return line(name, [
    `${files.length}`,
    `${fileLengths.reduce((sum, lines) => sum + lines, 0)}`,
    ...spread(fileLengths),
    `${functionLengths.length}`,
    ...spread(functionLengths),
    `${exported.length}`,
    percent(documented, exported.length),
  ]);
}

function spread(lengths: readonly number[]): readonly string[] {
  return lengths.length === 0 ? ['', ''] : [`${median(lengths)}`, `${percentile(lengths, 0.9)}`];
}

/** Empty for nothing of nothing. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)} %`;
}

function line(name: string, cells: readonly string[]): string {
  return [name.padEnd(24), ...cells.map((cell) => cell.padStart(10))].join(' ').trimEnd();
}

function longFiles(files: readonly SourceFileFigures[]): readonly string[] {
  return files
    .filter(({ lines }) => lines > longFileLines)
    .sort((a, b) => b.lines - a.lines)
    .map(({ path, lines }) => `${`${lines}`.padStart(6)}  ${path}`);
}

/** Exports without a docstring in the files whose paths begin with `prefix`: `libs/core/src/x.ts:12 Name`. */
export function missingDocstrings(files: readonly SourceFileFigures[], prefix: string): readonly string[] {
  return files
    .filter(({ path }) => path.startsWith(prefix))
    .flatMap(({ path, exports }) =>
      exports.filter(({ documented }) => !documented).map(({ line: at, name }) => `${path}:${at} ${name}`),
    );
}

/** The `count` longest functions. */
export function longestFunctions(files: readonly SourceFileFigures[], count: number): readonly string[] {
  return files
    .flatMap(({ path, functions }) => functions.map((one) => ({ path, ...one })))
    .sort((a, b) => b.lines - a.lines)
    .slice(0, count)
    .map(({ path, line: at, name, lines }) => `${`${lines}`.padStart(6)}  ${path}:${at} ${name}`);
}

/** The figures of `measure -- path`: of all that ran around some updates of one row, what is on the path of a change. */
import { filesOf, inAll, inAny, without, type FileOnPath, type Functions } from './coverage.ts';

/** What ran in one process around one update. */
export interface Periods {
  /** Before it, while nothing changed: polling, renewal of leases, metrics. */
  readonly quiet: Functions;
  /** From the update until its line is in the file. */
  readonly delivering: Functions;
  /** Afterwards, until the checkpoint and the state of the session are saved. */
  readonly settling: Functions;
}

export interface ChangePath {
  readonly name: string;
  readonly files: readonly FileOnPath[];
}

/**
 * What ran at every update is on the path: a lease that happened to be renewed during one of them is not. What also ran
 * in a quiet period may be there for another reason, so it is counted with and without.
 */
export function changePathsOf(
  process: string,
  updates: readonly Periods[],
  read: (path: string) => string,
): readonly ChangePath[] {
  const quiet = inAny(updates.map((update) => update.quiet));
  const delivering = inAll(updates.map((update) => update.delivering));
  const settled = inAll(updates.map((update) => inAny([update.delivering, update.settling])));
  const caused = without(settled, quiet);
  const path = (name: string, functions: Functions) => ({
    name: `${process}: ${name}`,
    files: filesOf(functions, read),
  });
  return [
    path('until the change is out', delivering),
    path('until the change is out, what does not run when idle', without(delivering, quiet)),
    path('until it is settled, too', inAny([delivering, caused])),
    path('until it is settled, too, what does not run when idle', caused),
  ];
}

/** @param list also prints every file */
export function changePathLines(paths: readonly ChangePath[], list: boolean): readonly string[] {
  return [
    `${cells('files', 'lines', 'executed')}  path`,
    ...paths.flatMap(({ name, files }) => [
      `${cells(files.length, sum(files, 'lines'), sum(files, 'executedLines'))}  ${name}`,
      ...(list ? files.map(fileLine) : []),
    ]),
  ];
}

function fileLine({ lines, executedLines, path }: FileOnPath): string {
  return `${cells('', lines, executedLines)}    ${path}`;
}

function cells(...numbers: readonly (number | string)[]): string {
  return numbers.map((one) => `${one}`.padStart(10)).join('');
}

function sum(files: readonly FileOnPath[], key: 'lines' | 'executedLines'): number {
  return files.reduce((total, file) => total + file[key], 0);
}

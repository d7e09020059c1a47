/** The figures of `measure way`: of all that ran around some updates of one row, what belongs to the way of a change. */
import { filesOf, inAll, inAny, without, type FileOnWay, type Functions } from './coverage.ts';

/** What ran in one process around one update. */
export interface Periods {
  /** Before it, while nothing changed: polling, renewal of leases, metrics. */
  readonly quiet: Functions;
  /** From the update until its line is in the file. */
  readonly passing: Functions;
  /** Afterwards, until the checkpoint and the state of the session are saved. */
  readonly settling: Functions;
}

export interface Way {
  readonly name: string;
  readonly files: readonly FileOnWay[];
}

/**
 * What ran at every update is on the way: a lease that happened to be renewed during one of them is not. What also ran
 * in a quiet period may be there for another reason, so it is counted with and without.
 */
export function waysOf(
  process: string,
  updates: readonly Periods[],
  read: (path: string) => string,
): readonly Way[] {
  const quiet = inAny(updates.map((update) => update.quiet));
  const passing = inAll(updates.map((update) => update.passing));
  const settled = inAll(updates.map((update) => inAny([update.passing, update.settling])));
  const caused = without(settled, quiet);
  const way = (name: string, functions: Functions) => ({
    name: `${process}: ${name}`,
    files: filesOf(functions, read),
  });
  return [
    way('until the change is out', passing),
    way('until the change is out, what does not run when idle', without(passing, quiet)),
    way('until it is settled, too', inAny([passing, caused])),
    way('until it is settled, too, what does not run when idle', caused),
  ];
}

/** @param list also prints every file */
export function wayLines(ways: readonly Way[], list: boolean): readonly string[] {
  return [
    `${cells('files', 'lines', 'executed')}  way`,
    ...ways.flatMap(({ name, files }) => [
      `${cells(files.length, sum(files, 'lines'), sum(files, 'executedLines'))}  ${name}`,
      ...(list ? files.map(fileLine) : []),
    ]),
  ];
}

function fileLine({ lines, executedLines, path }: FileOnWay): string {
  return `${cells('', lines, executedLines)}    ${path}`;
}

function cells(...numbers: readonly (number | string)[]): string {
  return numbers.map((one) => `${one}`.padStart(10)).join('');
}

function sum(files: readonly FileOnWay[], key: 'lines' | 'executedLines'): number {
  return files.reduce((total, file) => total + file[key], 0);
}

/** The panel of `npm start`: who owns what, and its keys. A real lease ends in it: 15 s. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { onLinux } from '../support/marked-processes.ts';
import { expectTerminalAsBefore, PlaygroundTerminal } from '../support/playground-terminal.ts';
import { hasTerminal, widest } from '../support/terminal.ts';
import { until } from '../support/until.ts';

/** In which an unpaused shop writes six times (a write every 80 ms), and the panel is drawn twice. */
const quietMs = 500;

/** The rows of the panel's tables: name and what stands behind it. */
function tablesIn(lines: readonly string[]): readonly PanelRow[] {
  return lines.flatMap((line) => {
    const found = /^(Customers|OrderLines|Orders|Products) +(\S+) +(\d+) .* \S+\/s +\S+ +running/.exec(line);
    const [, table = '', owner = '', epoch] = found ?? [];
    return found === null ? [] : [{ table, owner, epoch: Number(epoch) }];
  });
}

interface PanelRow {
  readonly table: string;
  readonly owner: string;
  readonly epoch: number;
}

const ownersIn = (rows: readonly PanelRow[]) => new Set(rows.map(({ owner }) => owner));
const written = (line: string) => /written ([\d,]+)/.exec(line)?.[1];

test.skipIf(!onLinux || !hasTerminal())(
  'the panel shows who owns what, and the keys kill, start, pause and quit',
  async () => {
    await using terminal = new PlaygroundTerminal(100, 30);
    const both = await terminal.shows((lines) => {
      const rows = tablesIn(lines);
      return rows.length === 4 && ownersIn(rows).size === 2 && rows;
    }, 'both ingesters own tables');
    expect(ownersIn(both)).toEqual(new Set(['ingester-1', 'ingester-2']));
    await terminal.shows(
      (lines) => lines.some((line) => /  (insert|update|delete)  dbo\./.test(line)),
      'changes',
    );
    expect(widest(terminal.lines)).toBeLessThanOrEqual(100);

    terminal.press('k');
    await terminal.shows(
      (lines) => lines.some((line) => /^ingester-1 .*killed/.test(line)),
      'ingester-1 is killed',
    );
    const after = await terminal.shows(
      (lines) => {
        const rows = tablesIn(lines);
        return rows.length === 4 && ownersIn(rows).size === 1 && rows;
      },
      'ingester-2 has taken over',
      40_000,
    );
    const lost = both.filter(({ owner }) => owner === 'ingester-1');
    for (const { table, epoch } of lost) {
      const now = after.find((row) => row.table === table);
      expect(now?.owner).toBe('ingester-2');
      expect(now?.epoch).toBeGreaterThan(epoch);
    }

    terminal.press('s');
    await terminal.shows(
      (lines) => ownersIn(tablesIn(lines)).has('ingester-3') && tablesIn(lines).length === 4,
      'a third one owns tables',
      30_000,
    );

    terminal.press('p');
    await until(
      async () => {
        const [before = ''] = terminal.lines;
        await sleep(quietMs);
        const [first = ''] = terminal.lines;
        return (
          first.includes('on the way 0') && written(first) === written(before) && first.includes('paused')
        );
      },
      () => `nothing is written any more, and all has arrived; it shows:\n${terminal.lines.join('\n')}`,
      40_000,
    );

    terminal.press('q');
    expect(await terminal.ended, terminal.text.slice(-2_000)).toBe(0);
    expect(expectTerminalAsBefore(terminal)).toMatch(
      /^.*(\d+) written, \d+ delivered, 0 missing, \d+ repeated, 0 out of order/,
    );
    await terminal.nothingLeft();
  },
  120_000,
);

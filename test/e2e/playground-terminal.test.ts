/** `npm start` as a person sees it: through a pseudo-terminal. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { MarkedProcesses, onLinux } from '../support/marked-processes.ts';
import { hasTerminal, Terminal, widest } from '../support/terminal.ts';
import { until } from '../support/until.ts';

/** In which an unpaused shop writes six times (a write every 80 ms), and the panel is drawn twice. */
const quietMs = 500;
const main = fileURLToPath(new URL('../../apps/playground/src/main.ts', import.meta.url));

/** `npm start` in a terminal, which says afterwards how it was left. */
class InTerminal extends Terminal {
  readonly #marked: MarkedProcesses;

  constructor(columns: number, rows: number, env: Readonly<Record<string, string>> = {}) {
    const marked = new MarkedProcesses();
    super([process.execPath, main], { columns, rows, env: { ...env, ...marked.env } }, 'stty -a');
    this.#marked = marked;
  }

  /** Process ids of the `dstream` processes. */
  children(): Promise<readonly number[]> {
    return this.#marked.pids('dstream.mjs');
  }

  async playground(): Promise<number> {
    const all = await this.#marked.pids(process.execPath);
    const children = await this.children();
    const shells = await this.#marked.pids('stty');
    const [pid] = all.filter((one) => !children.includes(one) && !shells.includes(one));
    if (pid === undefined) throw new Error('the playground does not run');
    return pid;
  }

  nothingLeft(withinMs?: number): Promise<void> {
    return this.#marked.nothingLeft(withinMs);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#marked.kill();
  }
}

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

/** After it has ended: what stands below, and that the terminal is as it was. */
function expectTerminalAsBefore({ text: output }: Terminal): string {
  const after = output.slice(output.lastIndexOf('\u001b[?1049l'));
  for (const mode of ['icanon', 'echo', 'isig', 'icrnl'])
    expect(after).toMatch(new RegExp(`(^| )${mode}( |$)`, 'm'));
  expect(output.split('\u001b[?1049h')).toHaveLength(2);
  expect(output.split('\u001b[?25h')).toHaveLength(2);
  return after;
}

describe.skipIf(!onLinux || !hasTerminal())('in a terminal', { timeout: 120_000 }, () => {
  test('the panel shows who owns what, and the keys kill, start, pause and quit', async () => {
    await using terminal = new InTerminal(100, 30);
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
  });

  test('Ctrl-C is a key there and ends it with 0; NO_COLOR is respected', async () => {
    await using terminal = new InTerminal(80, 24, { NO_COLOR: '1' });
    await terminal.shows((lines) => lines.some((line) => line.includes('insert')), 'a change');
    terminal.press('\u0003');
    expect(await terminal.ended, terminal.text.slice(-2_000)).toBe(0);
    expect(expectTerminalAsBefore(terminal)).toMatch(/written, \d+ delivered.*\r\nfrom commit to console: /);
    // oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
    expect(terminal.text).not.toMatch(/\u001b\[[\d;]*m/);
    await terminal.nothingLeft();
  });

  test('Ctrl-C twice kills everything at once, and still leaves the terminal as it was', async () => {
    await using terminal = new InTerminal(80, 24);
    await terminal.shows((lines) => lines.some((line) => line.includes('insert')), 'a change');
    for (const pid of await terminal.children()) process.kill(pid, 'SIGSTOP');
    terminal.press('\u0003');
    await terminal.shows(
      (lines) => lines.at(-1)?.includes('kill everything now'),
      'it says what a second one does',
    );
    // Shorter than this two signals are one press of Ctrl-C under npm.
    await sleep(450);
    terminal.press('\u0003');
    expect(await terminal.ended, terminal.text.slice(-2_000)).toBe(1);
    expect(expectTerminalAsBefore(terminal)).toContain('killed everything');
    await terminal.nothingLeft();
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)('%s leaves the terminal as it was', async (name) => {
    await using terminal = new InTerminal(80, 24);
    await terminal.shows((lines) => lines.some((line) => line.includes('insert')), 'a change');
    process.kill(await terminal.playground(), name);
    expect(await terminal.ended, terminal.text.slice(-2_000)).toBe(0);
    expectTerminalAsBefore(terminal);
    await terminal.nothingLeft();
  });

  test('an error leaves the terminal as it was, and stands below', async () => {
    await using terminal = new InTerminal(80, 24);
    await terminal.shows((lines) => lines.some((line) => line.includes('insert')), 'a change');
    const [victim = 0] = await terminal.children();
    process.kill(victim, 'SIGKILL');
    expect(await terminal.ended).toBe(1);
    expect(expectTerminalAsBefore(terminal)).toMatch(
      /playground: (ingester|processor)-[12] was killed by something else/,
    );
    await terminal.nothingLeft();
  });

  // oxlint-disable-next-line vitest/expect-expect -- that nothing is left is what is waited for
  test('a terminal that goes away takes everything with it', async () => {
    await using terminal = new InTerminal(80, 24);
    await terminal.shows((lines) => lines.some((line) => line.includes('insert')), 'a change');
    terminal.close();
    await terminal.nothingLeft(10_000);
  });
});

/** `dstream status` as a person sees it: through a pseudo-terminal. */
import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';
import { dstream, status } from '../support/status-command.ts';
import { hasTerminal, Terminal, widest } from '../support/terminal.ts';
import { until } from '../support/until.ts';

test(
  'in a terminal it is a table, and --watch keeps it until q is pressed',
  { timeout: 90_000 },
  async (context) => {
    context.skip(!hasTerminal(), 'it needs the command script of util-linux');
    await using pipeline = await Pipeline.start();
    await createCapturedTable(pipeline.database, 'Customers');
    const config = await pipeline.config({ tables: ['Customers', 'Later'] });
    const server = pipeline.run('server', config);
    await insertRows(pipeline.database, 'Customers', { from: 1, to: 5 });
    await pipeline.arrivedDistinct(5);
    await until(
      async () => (await status(pipeline, '--config', config)).tables.some(({ fault }) => fault !== null),
      () => 'the fault is seen',
    );
    const { env } = pipeline;
    const command = [process.execPath, dstream, 'status', '--config', config];

    for (const columns of [60, 80, 160]) {
      await using terminal = new Terminal(command, { columns, rows: 40, env: { ...env } });
      expect(await terminal.ended, terminal.text).toBe(0);
      const shown = terminal.lines.join('\n');
      expect(shown).toMatch(/^TABLE +OWNER +.*LAG.*STATE/m);
      expect(shown).toMatch(/Customers +server-1 .*running/);
      expect(shown).toMatch(/Later +server-1 .*TableNotFo/);
      expect(shown).toContain('! dbo.Later: TableNotFound: ');
      expect(widest(terminal.lines)).toBeLessThanOrEqual(columns);
      expect(terminal.text).toContain('\u001b[31m');
    }
    await using plain = new Terminal(command, { columns: 80, rows: 40, env: { ...env, NO_COLOR: '1' } });
    await plain.ended;
    expect(plain.text).not.toContain('\u001b');

    const watch = [...command, '--watch', '200ms'];
    await using terminal = new Terminal(watch, { columns: 80, rows: 24, env: { ...env } }, 'stty -a');
    const rate = (lines: readonly string[]) => /Customers +server-1 .* (\S+)\/s/.exec(lines.join('\n'))?.[1];
    // The rate is taken over a second at least: five changes never are more than 5/s, 500 are 50/s for a while.
    await terminal.shows((lines) => Number(rate(lines)) <= 5, 'the rate of the first changes');
    await insertRows(pipeline.database, 'Customers', { from: 6, to: 505 });
    await terminal.shows((lines) => Number(rate(lines)) > 10, 'the rate rises');
    await server[Symbol.asyncDispose]();
    await terminal.shows(
      (lines) => lines.some((line) => /Customers .*unknown/.test(line)),
      'the owner is gone',
    );
    terminal.press('q');
    expect(await terminal.ended, terminal.text).toBe(0);
    const end = terminal.text.slice(terminal.text.lastIndexOf('\u001b[?1049l'));
    expect(end).toMatch(/ icanon/);
    expect(end).toMatch(/ echo /);
  },
);

/** How `npm start` in a terminal ends, and that the terminal is then as it was. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { onLinux } from '../support/marked-processes.ts';
import { expectTerminalAsBefore, PlaygroundTerminal } from '../support/playground-terminal.ts';
import { hasTerminal } from '../support/terminal.ts';

describe.skipIf(!onLinux || !hasTerminal())('in a terminal', { timeout: 120_000 }, () => {
  test('Ctrl-C is a key there and ends it with 0; NO_COLOR is respected', async () => {
    await using terminal = new PlaygroundTerminal(80, 24, { NO_COLOR: '1' });
    await terminal.shows((lines) => lines.some((line) => line.includes('insert')), 'a change');
    terminal.press('\u0003');
    expect(await terminal.ended, terminal.text.slice(-2_000)).toBe(0);
    expect(expectTerminalAsBefore(terminal)).toMatch(/written, \d+ delivered.*\r\nfrom commit to console: /);
    // oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
    expect(terminal.text).not.toMatch(/\u001b\[[\d;]*m/);
    await terminal.nothingLeft();
  });

  test('Ctrl-C twice kills everything at once, and still leaves the terminal as it was', async () => {
    await using terminal = new PlaygroundTerminal(80, 24);
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
    await using terminal = new PlaygroundTerminal(80, 24);
    await terminal.shows((lines) => lines.some((line) => line.includes('insert')), 'a change');
    process.kill(await terminal.playground(), name);
    expect(await terminal.ended, terminal.text.slice(-2_000)).toBe(0);
    expectTerminalAsBefore(terminal);
    await terminal.nothingLeft();
  });

  test('an error leaves the terminal as it was, and stands below', async () => {
    await using terminal = new PlaygroundTerminal(80, 24);
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
    await using terminal = new PlaygroundTerminal(80, 24);
    await terminal.shows((lines) => lines.some((line) => line.includes('insert')), 'a change');
    terminal.close();
    await terminal.nothingLeft(10_000);
  });
});

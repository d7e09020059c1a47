import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addDeadLetters } from './commands.ts';

/** The error of a command line. */
async function errorOf(...words: readonly string[]): Promise<string> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addDeadLetters(program, 'no-such-file.hcl', () => undefined);
  try {
    await program.parseAsync(['dead-letters', 'list', ...words], { from: 'user' });
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

test.each(['', 'a.b.c', '[odd', 'sales.'])('the table pattern %j is refused', async (pattern) => {
  expect(await errorOf('--table', pattern)).toContain(
    `option '--table <pattern>' argument '${pattern}' is invalid. A table is Orders, sales.*, dbo.Order* or [odd.schema].[my table].`,
  );
});

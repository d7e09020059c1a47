/** Runs the commands of this test. */
import { fileURLToPath } from 'node:url';
import { runLines } from '../foreign/program.ts';

const folder = new URL('../../', import.meta.url);

/** The repository's folder. */
export const root = fileURLToPath(folder);

/** Runs a command to its end. Resolves with the lines of its standard output; rejects with what it said when it fails. */
export async function execute(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const lines: string[] = [];
  await runLines({ command, args, cwd: folder }, signal, (line) => lines.push(line));
  return lines;
}

/**
 * `npm start`: the flags, and a first line at once. Everything else is loaded after it: that takes a second or more, in
 * which a person should not look at nothing.
 */
import { CommanderError } from 'commander';
import { parseArguments } from './arguments.ts';

// Nobody has to read the sentences.
process.stderr.on('error', () => undefined);

async function main(): Promise<number> {
  try {
    const { forMs } = parseArguments(process.argv.slice(2));
    process.stderr.write('DStream playground: loading\n');
    const { play } = await import('./play.ts');
    return await play(forMs);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`playground: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

// The libraries leave timers and sockets behind. What is left of the processes is killed when this one exits.
process.exit(await main());

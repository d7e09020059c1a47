/**
 * `npm start`: the flags, and a first line at once. Everything else is loaded after it: that takes a second or more, in
 * which a person should not look at nothing. No package is loaded before `main` runs, so that an install without them
 * is answered in one sentence.
 */

// Nobody has to read the sentences.
process.stderr.on('error', () => undefined);

async function main(): Promise<number> {
  try {
    const { parseArguments } = await import('./arguments.ts');
    const flags = parseArguments(process.argv.slice(2));
    if (typeof flags === 'number') return flags;
    process.stderr.write('DStream playground: loading\n');
    const { play } = await import('./play.ts');
    return await play(flags.forMs);
  } catch (error) {
    const incomplete = isMissingPackage(error);
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`playground: ${incomplete ? needsFullInstall : reason}\n`);
    return incomplete ? 2 : 1;
  }
}

const needsFullInstall = 'npm start needs the full install: run npm ci, without --omit and --workspace';

/** As Node.js reports an `import` and a `require` of what is not installed. */
function isMissingPackage(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}

// The libraries leave timers and sockets behind. What is left of the processes is killed when this one exits.
process.exit(await main());

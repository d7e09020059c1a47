/** `npm run measure -- code` and `npm run measure -- path`: prints figures, decides nothing. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { codeFigures, longestFunctions, missingDocstrings } from './code.ts';
import { readSources } from './sources.ts';
import { changePathLines, changePathsOf } from './change-path.ts';

const usage = `usage: npm run measure -- code [--missing PATH_PREFIX | --functions]
       npm run measure -- path [--list]
`;
const root = resolve(import.meta.dirname, '../..');
const shownFunctions = 25;

interface Options {
  readonly missing?: string | undefined;
  readonly functions?: boolean | undefined;
  readonly list?: boolean | undefined;
}

function code({ missing, functions }: Options): readonly string[] {
  const files = readSources(root);
  if (missing !== undefined) return missingDocstrings(files, missing);
  return functions === true ? longestFunctions(files, shownFunctions) : codeFigures(files);
}

async function path({ list }: Options): Promise<readonly string[]> {
  // What starts the pipeline is loaded only here: `code` works while the product does not.
  const { followUpdates } = await import('./follow-updates.ts');
  const updates = await followUpdates(root);
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const paths = (['ingester', 'processor'] as const).flatMap((service) =>
    changePathsOf(
      service,
      updates.map((update) => update[service]),
      read,
    ),
  );
  return changePathLines(paths, list === true);
}

type Command = (options: Options) => readonly string[] | Promise<readonly string[]>;

const commands: Readonly<Record<string, Command>> = { code, path };

function parse(): { readonly command: Command | undefined; readonly values: Options } {
  try {
    const options = {
      missing: { type: 'string' },
      functions: { type: 'boolean' },
      list: { type: 'boolean' },
    } as const;
    const { positionals, values } = parseArgs({ allowPositionals: true, options });
    return { command: commands[positionals.join(' ')], values };
  } catch (error) {
    process.stderr.write(`measure: ${(error as Error).message}\n`);
    return { command: undefined, values: {} };
  }
}

const { command, values } = parse();
if (command === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else process.stdout.write(`${(await command(values)).join('\n')}\n`);

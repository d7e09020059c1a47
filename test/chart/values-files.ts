/** The values that the chart brings along for its checks, in `ci/` of its folder. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './go-tools.ts';

/** The chart's folder, from the repository's. */
export const chart = 'helm/dstream';

export interface ValuesFile {
  /** What stands before `-values.yaml`. */
  readonly name: string;
  /** From the repository's folder. */
  readonly path: string;
}

export interface RefusedValues extends ValuesFile {
  /** What the error must say. */
  readonly expected: readonly string[];
}

const ending = '-values.yaml';

function filesOf(folder: string): readonly ValuesFile[] {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => ({ name: basename(name, ending), path: join(folder, name) }));
}

/** Values that the chart must render. */
export const accepted = (): readonly ValuesFile[] => filesOf(`${chart}/ci`);

/** Values that the chart must refuse. */
export const refused = (): readonly RefusedValues[] =>
  filesOf(`${chart}/ci/negative`).map((file) => ({
    ...file,
    expected: expectedErrors(readFileSync(join(root, file.path), 'utf8')),
  }));

/** From lines `# expect: TEXT`. */
export function expectedErrors(text: string): readonly string[] {
  const expected = [...text.matchAll(/^# expect: (.+)$/gm)].map(([, error = '']) => error.trim());
  if (expected.length === 0) throw new Error('a file of refused values has no line "# expect: TEXT"');
  return expected;
}

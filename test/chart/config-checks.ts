/** Our own program as a check of the chart: it accepts the configuration file that helm rendered. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { ForeignClient } from '../foreign/foreign-client.ts';
import { execute, root } from './go-tools.ts';
import { whyOf, type Rendered } from './helm-checks.ts';

const program = join(root, 'apps/dstream/bin/dstream');
const configFile = 'dstream.hcl';

/** Content by file name, of the ConfigMap that is mounted at /etc/dstream. */
type Files = Readonly<Record<string, string>>;

/** @param rendered filled by the checks before */
export const configChecks = (rendered: readonly Rendered[]): Required<ForeignClient> => ({
  name: 'dstream',
  tools: [],
  limitMs: 60_000,
  prepare: () => Promise.resolve(),
  run: async (report, signal) => {
    const files = new Map(rendered.map(({ name, text }) => [name, configIn(text)]));
    for (const [name, config] of files) {
      if (config === undefined) continue;
      const result = await execute(program, ['validate', await written(name, config)], { signal });
      if (result.code === 0) report.passed(`configuration of ${name}`);
      else report.failed(`configuration of ${name}`, whyOf(result));
    }
  },
});

/** Undefined when none of the ConfigMaps has a configuration file: the values name one that exists. */
export function configIn(manifests: string): Files | undefined {
  const objects = parseAllDocuments(manifests).map(
    (document) => document.toJS() as { readonly kind?: string; readonly data?: Files } | null,
  );
  return objects.find((object) => object?.kind === 'ConfigMap' && object.data?.[configFile] !== undefined)
    ?.data;
}

/** Resolves with the path of the configuration file, beside which the other files are. */
async function written(name: string, config: Files): Promise<string> {
  const folder = join(root, 'build/chart/config', name);
  await mkdir(folder, { recursive: true });
  for (const [file, content] of Object.entries(config)) await writeFile(join(folder, file), content);
  return join(folder, configFile);
}

/** kubeconform: what helm rendered against the schemas of the Kubernetes it was rendered for. */
import { basename } from 'node:path';
import type { ForeignClient, Report } from '../foreign/foreign-client.ts';
import { build, goOf, kubeconform, run } from './go-tools.ts';
import type { Rendered } from './helm-checks.ts';
import { fileTemplate } from './json-schemas.ts';
import { handWritten, writeBuiltIn, writeCustom } from './schema-files.ts';

/** One object of kubeconform's report; valid ones are left out. */
interface Judged {
  readonly filename: string;
  readonly kind: string;
  readonly name: string;
  readonly msg: string;
}

/** @param rendered filled by the checks before */
export const schemaChecks = (rendered: readonly Rendered[]): Required<ForeignClient> => ({
  name: 'kubeconform',
  tools: goOf(kubeconform),
  limitMs: 4 * 60_000,
  prepare: (signal) => build(kubeconform, signal),
  run: async (report, signal) => {
    if (rendered.length === 0) return report.skipped('all', 'helm rendered nothing');
    const custom = await writeCustom(signal);
    for (const [version, files] of Map.groupBy(rendered, (each) => each.version)) {
      const folders = [await writeBuiltIn(version, signal), custom, handWritten];
      await judge(files, folders, report, signal);
    }
  },
});

async function judge(
  files: readonly Rendered[],
  schemaFolders: readonly string[],
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const locations = schemaFolders.flatMap((folder) => ['-schema-location', `${folder}/${fileTemplate}`]);
  const paths = files.map(({ path }) => path);
  const { stdout, stderr } = await run(kubeconform, ['-strict', '-output', 'json', ...locations, ...paths], {
    signal,
  });
  if (stdout === '') throw new Error(`kubeconform said nothing but: ${stderr}`);
  const { resources } = JSON.parse(stdout) as { readonly resources: readonly Judged[] };
  for (const { name, version, path } of files) {
    const wrong = resources.filter(({ filename }) => basename(filename) === basename(path));
    const check = `${name} for Kubernetes ${version}`;
    if (wrong.length === 0) report.passed(check);
    for (const object of wrong) report.failed(check, `${object.kind} ${object.name}: ${object.msg}`);
  }
}

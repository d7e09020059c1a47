/** `helm lint` and `helm template` with every values file, and the values that must fail. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ForeignClient, Report } from '../foreign/foreign-client.ts';
import { build, goOf, root, run, type GoTool, type Result } from './go-tools.ts';
import { accepted, chart, refused, type RefusedValues, type ValuesFile } from './values-files.ts';

/** What a values file became. */
export interface Rendered {
  /** Of the values file. */
  readonly name: string;
  /** Of Kubernetes. */
  readonly version: string;
  /** File of the manifests. */
  readonly path: string;
  readonly text: string;
}

/** Nobody's settings, plugins and repositories. */
export const helmEnv = {
  HELM_CONFIG_HOME: join(root, 'build/chart/helm/config'),
  HELM_CACHE_HOME: join(root, 'build/chart/helm/cache'),
  HELM_DATA_HOME: join(root, 'build/chart/helm/data'),
};

/** Text of a failure: helm says what is wrong on its standard error. */
export const whyOf = ({ code, stdout, stderr }: Result): string =>
  `exit code ${code}: ${stderr.trim() || stdout.trim()}`;

/**
 * One helm's checks.
 * @param versions of Kubernetes to render for
 * @param rendered takes what was rendered, for the checks that come after
 */
export function helmChecks(
  tool: GoTool,
  versions: readonly string[],
  rendered: Rendered[],
): Required<ForeignClient> {
  return {
    name: tool.name,
    tools: goOf(tool),
    limitMs: 7 * 60_000,
    prepare: (signal) => build(tool, signal),
    run: async (report, signal) => {
      for (const values of accepted()) {
        await lint(tool, values, report, signal);
        for (const version of versions) {
          const made = await render(tool, values, version, report, signal);
          if (made !== undefined) rendered.push(made);
        }
      }
      for (const values of refused()) await refuse(tool, values, report, signal);
    },
  };
}

async function lint(tool: GoTool, { name, path }: ValuesFile, report: Report, signal: AbortSignal) {
  const result = await run(tool, ['lint', chart, '--strict', '--values', path], { signal, env: helmEnv });
  if (result.code === 0) report.passed(`lint ${name}`);
  else report.failed(`lint ${name}`, whyOf({ ...result, stderr: `${result.stderr}\n${result.stdout}` }));
}

const template = (tool: GoTool, { path }: ValuesFile, version: string, signal: AbortSignal) => {
  const args = ['template', 'example', chart, '--namespace', 'dstream', '--values', path];
  return run(tool, [...args, '--kube-version', `${version}.0`], { signal, env: helmEnv });
};

async function render(
  tool: GoTool,
  values: ValuesFile,
  version: string,
  report: Report,
  signal: AbortSignal,
): Promise<Rendered | undefined> {
  const check = `template ${values.name} for Kubernetes ${version}`;
  const result = await template(tool, values, version, signal);
  if (result.code !== 0) {
    report.failed(check, whyOf(result));
    return undefined;
  }
  report.passed(check);
  const folder = join(root, 'build/chart', tool.name, version);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${values.name}.yaml`);
  await writeFile(path, result.stdout);
  return { name: values.name, version, path, text: result.stdout };
}

async function refuse(tool: GoTool, values: RefusedValues, report: Report, signal: AbortSignal) {
  const check = `refuse ${values.name}`;
  const result = await template(tool, values, '1.35', signal);
  const missing = values.expected.filter((text) => !result.stderr.includes(text));
  if (result.code === 0) report.failed(check, 'it was rendered');
  else if (missing.length > 0) report.failed(check, `no "${missing[0]}" in ${whyOf(result)}`);
  else report.passed(check);
}

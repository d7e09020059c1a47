/** Programs of others, built from the pinned Go modules below `tools/foreign` into `build/tools`. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tool } from '../foreign/foreign-client.ts';
import { runCommand } from '../foreign/program.ts';

/** The repository's folder. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

const modules = new URL('../../tools/foreign/', import.meta.url);

export interface GoTool {
  readonly name: string;
  /** Of its `main`, as the `tool` lines of `go.mod` name it. */
  readonly package: string;
  /** Folder of its `go.mod` below `tools/foreign`. */
  readonly module?: string;
  /** Build tags, with commas. */
  readonly tags?: string;
  /** Values of variables, by import path and name: `-X` of Go's linker. */
  readonly variables?: Readonly<Record<string, string>>;
}

export const helm4: GoTool = { name: 'helm', package: 'helm.sh/helm/v4/cmd/helm' };
export const helm3: GoTool = { name: 'helm3', package: 'helm.sh/helm/v3/cmd/helm', module: 'helm3/' };
export const kubeconform: GoTool = {
  name: 'kubeconform',
  package: 'github.com/yannh/kubeconform/cmd/kubeconform',
};
/** Without the service discoveries, whose SDKs take most of its build. */
export const promtool: GoTool = {
  name: 'promtool',
  package: 'github.com/prometheus/prometheus/cmd/promtool',
  tags: 'remove_all_sd',
};
export const helmDocs: GoTool = { name: 'helm-docs', package: 'github.com/norwoodj/helm-docs/cmd/helm-docs' };

export const helmUnittest: GoTool = {
  name: 'helm-unittest',
  package: 'github.com/helm-unittest/helm-unittest/cmd/helm-unittest',
  module: 'helm3/',
};
export const kubeScore: GoTool = {
  name: 'kube-score',
  package: 'github.com/zegl/kube-score/cmd/kube-score',
  module: 'kube-score/',
};

/** What Kubernetes' own build sets: a server without it says that its version is 0.0.0. */
const version = 'k8s.io/component-base/version';
const ofKubernetes = {
  module: 'kubernetes/',
  variables: {
    [`${version}.gitVersion`]: 'v1.35.4',
    [`${version}.gitMajor`]: '1',
    [`${version}.gitMinor`]: '35',
  },
};
export const etcd: GoTool = { name: 'etcd', package: 'go.etcd.io/etcd/server/v3', module: 'kubernetes/' };
export const kubeApiserver: GoTool = {
  name: 'kube-apiserver',
  package: 'k8s.io/kubernetes/cmd/kube-apiserver',
  ...ofKubernetes,
};
export const kubectl: GoTool = { name: 'kubectl', package: 'k8s.io/kubernetes/cmd/kubectl', ...ofKubernetes };

/** What must be installed to build those of one module: its `go.mod` says which Go. */
export const goOf = ({ module = '' }: GoTool): readonly Tool[] => [
  { name: 'go', probe: ['go', 'version'] },
  {
    name: 'go as new as go.mod asks for',
    probe: ['env', 'GOTOOLCHAIN=local', 'go', 'list', '-m'],
    cwd: new URL(module, modules),
  },
];

/** Of the built program. */
export const pathOf = ({ name }: GoTool): string => join(root, 'build/tools', name);

/** A second build takes a second: Go compares. Rejects with what the compiler said. */
export async function build(tool: GoTool, signal: AbortSignal): Promise<void> {
  await mkdir(join(root, 'build/tools'), { recursive: true });
  const tags = tool.tags === undefined ? [] : ['-tags', tool.tags];
  const variables = Object.entries(tool.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  const linker = `-ldflags=${['-s', ...variables].join(' ')}`;
  const args = ['build', '-trimpath', linker, ...tags, '-o', pathOf(tool), tool.package];
  const env = { GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' };
  await runCommand({ command: 'go', args, cwd: new URL(tool.module ?? '', modules), env }, signal);
}

export interface Result {
  /** Exit code. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a built tool in the repository's folder, to its end, however it ends. Rejects when it is stopped by the signal. */
export const run = (tool: GoTool, args: readonly string[], options: RunOptions): Promise<Result> =>
  execute(pathOf(tool), args, options);

/** As `run`, for a command that is installed. */
export function execute(
  command: string,
  args: readonly string[],
  { signal, input = '', env = {} }: RunOptions,
): Promise<Result> {
  const options = { cwd: root, signal, maxBuffer: 64 << 20, env: { ...process.env, ...env } };
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      const code = error?.code ?? 0;
      if (error !== null && typeof code !== 'number') reject(error);
      else resolve({ code: Number(code), stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

/** `helm install`, `upgrade`, `rollback` and `uninstall` on an API server, whose namespaces admit only restricted pods. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ForeignClient, Report } from '../foreign/foreign-client.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { build, etcd, goOf, helm4, kubeApiserver, kubectl, root, run, type Result } from './go-tools.ts';
import { helmEnv, whyOf } from './helm-checks.ts';
import { customDefinitions, handWritten } from './schema-files.ts';
import { accepted, chart, type ValuesFile } from './values-files.ts';

const release = 'example';

/** The part of a Deployment that is looked at. */
interface Deployment {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly revisionHistoryLimit: number;
    readonly template: {
      readonly metadata: object;
      readonly spec: { readonly priorityClassName?: string; readonly serviceAccountName?: string };
    };
  };
}

/** A name space with one release of the chart. */
interface Site {
  readonly cluster: Cluster;
  readonly values: ValuesFile;
  helm(args: readonly string[]): Promise<Result>;
}

export const clusterChecks = (): Required<ForeignClient> => ({
  name: 'kube-apiserver',
  tools: goOf(kubeApiserver),
  limitMs: 60 * 60_000,
  prepare: async (signal) => {
    for (const tool of [etcd, kubectl, kubeApiserver, helm4]) await build(tool, signal);
  },
  run: async (report, signal) => {
    await using cluster = await startCluster(signal);
    await defineCustomResources(cluster, signal);
    for (const values of accepted()) {
      const scope = ['--kubeconfig', cluster.kubeconfig, '--namespace', values.name];
      const helm: Site['helm'] = (args) => run(helm4, [...args, ...scope], { signal, env: helmEnv });
      await checkRelease({ cluster, values, helm }, report);
    }
  },
});

/** Each step needs the one before, so the first that fails ends them. */
async function checkRelease(site: Site, report: Report): Promise<void> {
  const { name, path } = site.values;
  await restrictedNamespace(site.cluster, name);
  const change = ['--set', 'revisionHistoryLimit=7', '--set-string', 'podAnnotations.changed=yes'];
  // A ConfigMap of others cannot be looked into.
  const hasFile = /^ +hcl:/m.test(await readFile(join(root, path), 'utf8'));
  const steps: readonly (readonly [name: string, step: () => Promise<string | undefined>])[] = [
    ['install', () => problemOf(site.helm(['install', release, chart, '--values', path]))],
    ['admit the pods', () => admitPods(site)],
    ['upgrade', () => problemOf(site.helm(['upgrade', release, chart, '--values', path, ...change]))],
    ['have the changed values', () => expectHistoryLimit(site, 7)],
    ['rollback', () => problemOf(site.helm(['rollback', release, '1']))],
    ['have the values from before', () => expectHistoryLimit(site, 3)],
    ...(hasFile ? ([['roll a changed configuration out', () => rollOut(site)]] as const) : []),
    ['uninstall', () => problemOf(site.helm(['uninstall', release]))],
    [
      'leave no Deployment',
      async () => (await deployments(site)).map(({ metadata }) => metadata.name).join(),
    ],
  ];
  for (const [step, perform] of steps) {
    const problem = await perform();
    if (problem) return report.failed(`${name}: ${step}`, problem);
    report.passed(`${name}: ${step}`);
  }
}

/** Also a warning of the API server, for instance about a field that it does not know or a pod that is not restricted. */
async function problemOf(command: Promise<Result>): Promise<string | undefined> {
  const result = await command;
  const warned = /^.*\b(?:unknown field|would violate|deprecated)\b.*$/im.exec(result.stderr);
  return result.code === 0 ? warned?.[0] : whyOf(result);
}

async function restrictedNamespace({ kubectl: call }: Cluster, name: string): Promise<void> {
  const label = (mode: string) => [`pod-security.kubernetes.io/${mode}`, 'restricted'] as const;
  const labels = Object.fromEntries(['enforce', 'warn'].map(label));
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  succeeded(await call(['apply', '--filename', '-'], JSON.stringify(namespace)));
}

async function deployments({ cluster, values }: Site): Promise<readonly Deployment[]> {
  const args = ['get', 'deployments', '--namespace', values.name, '--output', 'json'];
  const { items } = JSON.parse(succeeded(await cluster.kubectl(args))) as { items: readonly Deployment[] };
  return items;
}

async function expectHistoryLimit(site: Site, limit: number): Promise<string | undefined> {
  const found = (await deployments(site)).map(({ spec }) => spec.revisionHistoryLimit);
  const asExpected = found.length > 0 && found.every((each) => each === limit);
  return asExpected ? undefined : `revisionHistoryLimit is ${found.join(', ')} instead of ${limit}`;
}

/** A pod reads the file when it starts: another file must make other pods. */
async function rollOut(site: Site): Promise<string | undefined> {
  const { path } = site.values;
  const templates = async () => JSON.stringify((await deployments(site)).map(({ spec }) => spec.template));
  const before = await templates();
  const change = ['--set-string', 'config.files.more\\.js=//'];
  succeeded(await site.helm(['upgrade', release, chart, '--values', path, ...change]));
  return (await templates()) === before ? 'the templates of the pods are the same' : undefined;
}

/** Nothing makes pods of the Deployments here: asks whether they, and those of `helm test`, would be admitted. */
async function admitPods(site: Site): Promise<string | undefined> {
  const all = await deployments(site);
  await defineWhatPodsName(site, all);
  const pods = all.map(({ metadata: { name }, spec: { template } }) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...template.metadata, name },
      spec: template.spec,
    }),
  );
  const hooks = succeeded(await site.helm(['get', 'hooks', release]));
  const create = ['create', '--dry-run=server', '--namespace', site.values.name, '--filename', '-'];
  return problemOf(site.cluster.kubectl(create, [...pods, hooks].join('\n---\n')));
}

/** What pods name and the values expect to be there: priority classes and service accounts. */
async function defineWhatPodsName({ cluster, values }: Site, all: readonly Deployment[]): Promise<void> {
  const pods = all.map(({ spec }) => spec.template.spec);
  const objects = pods.flatMap(({ priorityClassName, serviceAccountName }) => [
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', name: priorityClassName, value: 1 },
    { apiVersion: 'v1', kind: 'ServiceAccount', name: serviceAccountName },
  ]);
  for (const { name, ...object } of objects) {
    if (name === undefined) continue;
    const found = await cluster.kubectl(['get', object.kind, name, '--namespace', values.name]);
    const manifest = JSON.stringify({ ...object, metadata: { name, namespace: values.name } });
    if (found.code !== 0) succeeded(await cluster.kubectl(['create', '--filename', '-'], manifest));
  }
}

async function defineCustomResources({ kubectl: call }: Cluster, signal: AbortSignal): Promise<void> {
  const definitions = [...(await customDefinitions(signal)), ...(await handWrittenDefinitions())];
  const manifest = definitions.map((each) => JSON.stringify(each)).join('\n---\n');
  succeeded(await call(['apply', '--server-side', '--filename', '-'], manifest));
  const names = definitions.map(({ metadata }) => `crd/${metadata.name}`);
  succeeded(await call(['wait', '--for=condition=Established', '--timeout=60s', ...names]));
}

/** Open ones for the schemas that are written by hand: kubeconform has checked the fields. */
async function handWrittenDefinitions() {
  const files = (await readdir(handWritten)).filter((file) => file.endsWith('.json'));
  return Promise.all(
    files.map(async (file) => openDefinition(file, await readFile(join(handWritten, file), 'utf8'))),
  );
}

function openDefinition(file: string, schema: string) {
  const [kind = '', group = '', version = ''] = file.replace(/\.json$/, '').split('_');
  const { title } = JSON.parse(schema) as { readonly title: string };
  const names = { kind: title, singular: kind, plural: `${kind}es` };
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: {
      group,
      names,
      scope: 'Namespaced',
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

/** What a command wrote, which had to work. */
function succeeded(result: Result): string {
  if (result.code !== 0) throw new Error(whyOf(result));
  return result.stdout;
}

/**
 * Schemas for kubeconform, which would download them from GitHub: made from the API description in Kubernetes' own Go module
 * and from the definitions of custom resources in the Go modules of their projects, each pinned by its hash.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { execute, root } from './go-tools.ts';
import {
  builtInSchemas,
  customSchemas,
  type CustomResourceDefinition,
  type Schema,
  type Swagger,
} from './json-schemas.ts';

interface PinnedModule {
  /** `path@version`. */
  readonly module: string;
  /** As `go.sum` has it. */
  readonly sum: string;
}

const kubernetes = (version: string, sum: string): PinnedModule => ({
  module: `k8s.io/kubernetes@v${version}`,
  sum: `h1:${sum}`,
});

/** The newest served patch of each supported Kubernetes, oldest first. */
export const supported: ReadonlyMap<string, PinnedModule> = new Map([
  ['1.30', kubernetes('1.30.14', 'MrlKXh9uhLIJpyxOeXhcndzRVSvwiV9iJ8NgH8nqPsg=')],
  ['1.31', kubernetes('1.31.14', 'UtjLfqvXLuSVDdJ4+NpQCIfFkKkLnAAVmxAEMsnkhjk=')],
  ['1.32', kubernetes('1.32.13', '5TGYdZ6YZqdp6h/Rp1vX/4TIoybMPdgv97LCZCtPuNQ=')],
  ['1.33', kubernetes('1.33.13', 'bmH31xUdSzeA5vk0wZAK9MZp11mdLuzUSeKk0qN3hPQ=')],
  ['1.34', kubernetes('1.34.4', 'Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk=')],
  ['1.35', kubernetes('1.35.4', 'o/8dBC/pHVpYoGV4OAIytAlNPZbdYVTXJHoYvXC4qzM=')],
]);

const operator = 'jsonnet/prometheus-operator';

/** Definitions of the custom resources that the chart can make, and where they lie in the module of their project. */
const custom: readonly (PinnedModule & { readonly files: readonly string[] })[] = [
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    files: ['servicemonitors', 'podmonitors', 'prometheusrules'].map(
      (kind) => `${operator}/${kind}-crd.json`,
    ),
  },
  {
    module: 'github.com/kedacore/keda/v2@v2.21.0',
    sum: 'h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=',
    files: ['scaledobjects', 'triggerauthentications'].map((kind) => `config/crd/bases/keda.sh_${kind}.yaml`),
  },
  {
    module: 'github.com/external-secrets/external-secrets@v0.16.2',
    sum: 'h1:iNY+gIgSyL5higXTfnz+hdPCaiB/43UiHLqE7HBpj68=',
    files: ['config/crds/bases/external-secrets.io_externalsecrets.yaml'],
  },
];

/** Those whose project publishes no Go module: written by hand from its documentation. */
export const handWritten = join(root, 'test/chart/schemas');

/** Writes the schemas of one Kubernetes version, and resolves with their folder. */
export async function writeBuiltIn(version: string, signal: AbortSignal): Promise<string> {
  const pinned = supported.get(version);
  if (pinned === undefined) throw new Error(`Kubernetes ${version} is not supported`);
  const file = join(await download(pinned, signal), 'api/openapi-spec/swagger.json');
  return write(version, builtInSchemas(JSON.parse(await readFile(file, 'utf8')) as Swagger));
}

/** The definitions of the custom resources, for an API server to know them. */
export async function customDefinitions(signal: AbortSignal): Promise<readonly CustomResourceDefinition[]> {
  const found: CustomResourceDefinition[] = [];
  for (const { files, ...pinned } of custom) {
    const folder = await download(pinned, signal);
    // YAML reads JSON, too.
    for (const file of files)
      found.push(parse(await readFile(join(folder, file), 'utf8')) as CustomResourceDefinition);
  }
  return found;
}

/** Writes the schemas of custom resources, and resolves with their folder. */
export async function writeCustom(signal: AbortSignal): Promise<string> {
  return write('custom', (await customDefinitions(signal)).flatMap(customSchemas));
}

async function write(
  name: string,
  schemas: Iterable<readonly [file: string, schema: Schema]>,
): Promise<string> {
  const folder = join(root, 'build/schemas', name);
  await mkdir(folder, { recursive: true });
  for (const [file, schema] of schemas) await writeFile(join(folder, file), JSON.stringify(schema));
  return folder;
}

/** Into Go's cache of modules; resolves with the module's folder there. */
async function download({ module, sum }: PinnedModule, signal: AbortSignal): Promise<string> {
  const { stdout, stderr } = await execute('go', ['mod', 'download', '-json', module], { signal });
  const { Dir, Sum, Error: problem } = JSON.parse(stdout || '{}') as Readonly<Record<string, string>>;
  if (Dir === undefined) throw new Error(`could not download ${module}: ${problem ?? stderr}`);
  if (Sum !== sum) throw new Error(`${module} has the hash ${Sum} instead of ${sum}`);
  return Dir;
}

/** The repository as the architecture tests see it: packages, their manifests, their imports. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

export interface Package {
  /** `libs/core` */
  readonly folder: string;
  readonly name: string;
  readonly dependencies: readonly string[];
  /** Entry files relative to the root, by what is imported: `@dstream/config/schema`. */
  readonly entries: ReadonlyMap<string, string>;
  /** Folders that its tsconfig references. */
  readonly references: readonly string[];
  /** Sources without tests, relative to the root. */
  readonly sources: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, { readonly default: string }>>;
}

interface Project {
  readonly references: readonly { readonly path: string }[];
}

export function packages(): readonly Package[] {
  return globSync('{libs/*,libs/{sources,queues,leases}/*,apps/*,test/stand-ins/*}/package.json', {
    cwd: root,
  })
    .map((file) => readPackage(dirname(file)))
    .sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

function readPackage(folder: string): Package {
  const manifest = readJson(join(folder, 'package.json')) as Manifest;
  const project = readJson(join(folder, 'tsconfig.json')) as Project;
  return {
    folder,
    name: manifest.name,
    dependencies: Object.keys(manifest.dependencies ?? {}),
    entries: new Map(
      Object.entries(manifest.exports ?? {}).map(([name, { default: file }]) => [
        join(manifest.name, name),
        join(folder, file),
      ]),
    ),
    references: project.references.map(({ path }) => relative(root, resolve(root, folder, path))),
    sources: globSync(`${folder}/src/**/*.ts`, { cwd: root }).filter((file) => !file.endsWith('.test.ts')),
  };
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}

const specifier =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*'([^']+)'|\b(?:import|require)\(\s*'([^']+)'\s*\)/g;

/** What a file imports or requires, as written. */
export function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(specifier)].map(([, named, dynamic]) => named ?? dynamic ?? '');
}

/** The name of the package a bare import means, or undefined for a relative one or one of Node's own. */
export function packageOf(specifierText: string): string | undefined {
  if (specifierText.startsWith('.') || specifierText.startsWith('node:')) return undefined;
  const [first = '', second = ''] = specifierText.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

/** The file a relative import means, relative to the root. */
export function resolveImport(file: string, specifierText: string): string {
  const target = relative(root, resolve(root, dirname(file), specifierText));
  if (!existsSync(join(root, target)))
    throw new Error(`${file} imports ${specifierText}, which does not exist`);
  return target;
}

const loading = /(?:^|\n)(?:import|export)\s+(?!type\b)(?:[^'";]*?\sfrom\s)?\s*'([^']+)'/g;

/** What is loaded before a file runs, as written: imported or exported by name, and not only as a type. */
function loadsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(loading)].map(([, specifierText = '']) => specifierText);
}

/** Packages of others that are loaded before `file` runs, by it or by whatever of ours it loads, each with the file that does. */
export function loadedWith(file: string, all: readonly Package[]): ReadonlyMap<string, string> {
  const entries = new Map(all.flatMap((one) => [...one.entries]));
  const foreign = new Map<string, string>();
  const seen = new Set<string>();
  const visit = (from: string) => {
    if (seen.has(from)) return;
    seen.add(from);
    for (const text of loadsOf(from)) {
      const own = text.startsWith('.') ? resolveImport(from, text) : entries.get(text);
      const name = packageOf(text);
      if (own !== undefined) visit(own);
      else if (name !== undefined) foreign.set(name, from);
    }
  };
  visit(file);
  return foreign;
}

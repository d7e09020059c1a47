import { basename, dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, loadedWith, packageOf, packages, resolveImport, type Package } from './workspace.ts';

const all = packages();
const byName = new Map(all.map((one) => [one.name, one]));
const own = (name: string) => byName.has(name);

/** Which folders of ours each folder may import (docs/architecture.md, "Rules of imports": imports go one way). */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'libs/core': [],
  'libs/async': ['libs/core'],
  'libs/runtime': ['libs/core', 'libs/async', 'libs/terminal'],
  'libs/ingest': ['libs/core', 'libs/async', 'libs/runtime'],
  'libs/deliver': ['libs/core', 'libs/async', 'libs/runtime'],
  'libs/config': ['libs/core'],
  'libs/sources': ['libs/core', 'libs/async', 'libs/config', 'libs/sources/sqlserver'],
  'libs/sources/sqlserver': ['libs/core', 'libs/async', 'libs/config', 'libs/runtime'],
  'libs/queues': ['libs/core', 'libs/async', 'libs/config', 'libs/queues/direct', 'libs/queues/service-bus'],
  'libs/queues/direct': ['libs/core', 'libs/async', 'libs/config'],
  'libs/queues/service-bus': ['libs/core', 'libs/async', 'libs/config', 'libs/service-bus'],
  'libs/leases': ['libs/core', 'libs/async', 'libs/config', 'libs/leases/azure-blob'],
  'libs/leases/azure-blob': ['libs/core', 'libs/async', 'libs/config', 'libs/runtime'],
  'libs/service-bus': ['libs/core', 'libs/async', 'libs/runtime'],
  'libs/http-client': ['libs/core', 'libs/async', 'libs/config', 'libs/runtime'],
  'libs/outputs': [
    'libs/core',
    'libs/async',
    'libs/config',
    'libs/http-client',
    'libs/service-bus',
    'libs/terminal',
  ],
  'libs/transforms': ['libs/core', 'libs/async', 'libs/config', 'libs/http-client'],
  'libs/memory': ['libs/core'],
  'libs/status': ['libs/core', 'libs/terminal'],
  'libs/terminal': [],
  'apps/ingester': ['libs/core', 'libs/runtime', 'libs/config', 'libs/ingest'],
  'apps/processor': ['libs/core', 'libs/runtime', 'libs/config', 'libs/deliver'],
  'apps/dstream': [
    'libs/core',
    'libs/async',
    'libs/runtime',
    'libs/config',
    'libs/sources',
    'libs/queues',
    'libs/leases',
    'libs/outputs',
    'libs/transforms',
    'libs/status',
    'libs/terminal',
    'apps/ingester',
    'apps/processor',
  ],
  'apps/playground': [
    'libs/core',
    'libs/async',
    'libs/runtime',
    'libs/outputs',
    'test/stand-ins/all',
    'libs/status',
    'libs/terminal',
  ],
  'test/stand-ins/certificate': [],
  'test/stand-ins/sql-server': ['test/stand-ins/certificate'],
  'test/stand-ins/amqp': ['test/stand-ins/certificate'],
  'test/stand-ins/blobs': ['test/stand-ins/certificate'],
  'test/stand-ins/faults': ['test/stand-ins/amqp', 'test/stand-ins/blobs', 'test/stand-ins/sql-server'],
  'test/stand-ins/all': [
    'test/stand-ins/amqp',
    'test/stand-ins/blobs',
    'test/stand-ins/certificate',
    'test/stand-ins/faults',
    'test/stand-ins/sql-server',
  ],
};

/** What the types of a registry may use that are a folder in it: to add one takes no change of its package. */
const forTypes = ['@dstream/async', '@dstream/core'];
const inReserve: Readonly<Record<string, readonly string[]>> = {
  'libs/sources': forTypes,
  'libs/queues': forTypes,
  'libs/leases': forTypes,
  // A peer of the CEL library.
  'libs/transforms': [...forTypes, '@bufbuild/protobuf', 'quickjs-wasi'],
};

function imported(one: Package): ReadonlySet<string> {
  return new Set(
    one.sources
      .flatMap(importsOf)
      .map(packageOf)
      .filter((name) => name !== undefined),
  );
}

/** Views and procedures that no code and no test in TypeScript asks for (test/foreign). */
const foreignClients = 'test/stand-ins/sql-server/src/engine/foreign';

const registries = ['sources', 'queues', 'leases', 'outputs'];

describe('the architecture', () => {
  test('every package has its place', () => {
    expect(all.map(({ folder }) => folder)).toEqual(Object.keys(allowed).sort());
  });

  test.each(all)('$folder imports only what is below it', (one) => {
    const folders = [...imported(one)].filter(own).map((name) => byName.get(name)?.folder);
    expect(folders.filter((folder) => !allowed[one.folder]?.includes(folder ?? ''))).toEqual([]);
  });

  test.each(all)('$folder lists exactly what it imports as its dependencies', (one) => {
    const needed = new Set([...imported(one), ...(inReserve[one.folder] ?? [])]);
    expect([...one.dependencies].sort()).toEqual([...needed].sort());
  });

  test.each(all)('$folder references exactly the projects it depends on', (one) => {
    const folders = one.dependencies.filter(own).map((name) => byName.get(name)?.folder ?? '');
    expect(new Set(one.references)).toEqual(new Set(folders));
  });

  test.each(all)('$folder has no import that leaves its own folder sideways', (one) => {
    const outside = one.sources.flatMap((file) =>
      importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .filter((specifier) => !resolveImport(file, specifier).startsWith(`${one.folder}/`))
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(outside).toEqual([]);
  });

  test('no file reaches itself through its imports', () => {
    expect(
      findCycle(
        all.flatMap(({ sources }) => sources),
        relativeImports,
      ),
    ).toBeUndefined();
  });

  test.each(all)('$folder has no folder that reaches itself through its imports', ({ sources }) => {
    const folders = foldersOf(sources);
    expect(findCycle(folders.keys(), (folder) => folders.get(folder) ?? [])).toBeUndefined();
  });

  test('what is for clients of other languages is known to two lists of the SQL Server stand-in only', () => {
    const files = all.flatMap(({ sources }) => sources).filter((file) => dirname(file) !== foreignClients);
    const users = files.filter((file) => relativeImports(file).some((to) => dirname(to) === foreignClients));
    expect(users.map((file) => basename(file)).sort()).toEqual([
      'catalogue-views.ts',
      'system-procedures.ts',
    ]);
  });

  test.each(registries)('no type in libs/%s imports another one', (registry) => {
    const files = all.filter(({ folder }) => folder === `libs/${registry}`).flatMap(({ sources }) => sources);
    const types = new Set(files.filter((file) => file.endsWith('-type.ts')).map((file) => dirname(file)));
    const sideways = files.flatMap((file) =>
      relativeImports(file)
        .filter((target) => types.has(dirname(file)) && types.has(dirname(target)))
        .filter((target) => dirname(target) !== dirname(file))
        .map((target) => `${file} imports ${target}`),
    );
    expect(sideways).toEqual([]);
  });

  test.each(all.filter(({ folder }) => folder.startsWith('libs/') && folder !== 'libs/config'))(
    '$folder knows of the configuration only the language of its schemas',
    ({ sources }) => {
      const used = sources.flatMap(importsOf).filter((text) => text.startsWith('@dstream/config'));
      expect(used.filter((text) => text !== '@dstream/config/schema')).toEqual([]);
    },
  );

  test.each(registries)('libs/%s, a registry, loads no package of others', (registry) => {
    expect([...loadedWith(`libs/${registry}/src/index.ts`, all)]).toEqual([]);
  });

  test('core knows no platform: no package and nothing of Node', () => {
    const core = all.find(({ folder }) => folder === 'libs/core');
    const foreign = core?.sources.flatMap(importsOf).filter((specifier) => !specifier.startsWith('.'));
    expect(foreign).toEqual([]);
  });
});

const relativeImports = (file: string) =>
  importsOf(file)
    .filter((text) => text.startsWith('.'))
    .map((text) => resolveImport(file, text));

/** The folders of some files, each with those that it imports from. */
function foldersOf(files: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const folders = new Map<string, Set<string>>();
  for (const file of files) {
    const folder = dirname(file);
    const imported = folders.get(folder) ?? new Set();
    for (const target of relativeImports(file)) if (dirname(target) !== folder) imported.add(dirname(target));
    folders.set(folder, imported);
  }
  return folders;
}

/** Depth first; the first cycle as a list of its members. */
function findCycle(
  all: Iterable<string>,
  next: (from: string) => Iterable<string>,
): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (from: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(from)) return [...path.slice(path.indexOf(from)), from];
    if (done.has(from)) return undefined;
    for (const to of next(from)) {
      const cycle = visit(to, [...path, from]);
      if (cycle !== undefined) return cycle;
    }
    done.add(from);
    return undefined;
  };
  for (const from of all) {
    const cycle = visit(from, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

import { describe, expect, test } from 'vitest';
import { importsOf, loadedWith, packageOf, packages, resolveImport, type Package } from './workspace.ts';

const all = packages();
const byName = new Map(all.map((one) => [one.name, one]));
const own = (name: string) => byName.has(name);

/** Which folders of ours each folder may import (DESIGN 3: imports go one way). */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'libs/core': [],
  'libs/async': ['libs/core'],
  'libs/runtime': ['libs/core', 'libs/async', 'libs/terminal'],
  'libs/ingest': ['libs/core', 'libs/async', 'libs/runtime'],
  'libs/deliver': ['libs/core', 'libs/async', 'libs/runtime'],
  'libs/config': ['libs/core'],
  'libs/sources': ['libs/config', 'libs/sources/sqlserver'],
  'libs/sources/sqlserver': ['libs/core', 'libs/config'],
  'libs/queues': ['libs/config', 'libs/queues/direct', 'libs/queues/service-bus'],
  'libs/queues/direct': ['libs/core', 'libs/async', 'libs/config'],
  'libs/queues/service-bus': ['libs/core', 'libs/config', 'libs/service-bus'],
  'libs/leases': ['libs/config', 'libs/leases/azure-blob'],
  'libs/leases/azure-blob': ['libs/core', 'libs/config'],
  'libs/service-bus': ['libs/core'],
  'libs/publishers': ['libs/core', 'libs/config', 'libs/service-bus', 'libs/terminal'],
  'libs/stand-ins': [],
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
    'libs/publishers',
    'libs/status',
    'libs/terminal',
    'apps/ingester',
    'apps/processor',
  ],
  'apps/playground': [
    'libs/core',
    'libs/async',
    'libs/runtime',
    'libs/publishers',
    'libs/stand-ins',
    'libs/status',
    'libs/terminal',
  ],
};

function imported(one: Package): ReadonlySet<string> {
  return new Set(
    one.sources
      .flatMap(importsOf)
      .map(packageOf)
      .filter((name) => name !== undefined),
  );
}

describe('the architecture', () => {
  test('every package has its place', () => {
    expect(all.map(({ folder }) => folder)).toEqual(Object.keys(allowed).sort());
  });

  test.each(all)('$folder imports only what is below it', (one) => {
    const folders = [...imported(one)].filter(own).map((name) => byName.get(name)?.folder);
    expect(folders.filter((folder) => !allowed[one.folder]?.includes(folder ?? ''))).toEqual([]);
  });

  test.each(all)('$folder lists exactly what it imports as its dependencies', (one) => {
    expect([...one.dependencies].sort()).toEqual([...imported(one)].sort());
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
    expect(findCycle(all.flatMap(({ sources }) => sources))).toBeUndefined();
  });

  test.each(all.filter(({ folder }) => folder.startsWith('libs/') && folder !== 'libs/config'))(
    '$folder knows of the configuration only the language of its schemas',
    ({ sources }) => {
      const used = sources.flatMap(importsOf).filter((text) => text.startsWith('@dstream/config'));
      expect(used.filter((text) => text !== '@dstream/config/schema')).toEqual([]);
    },
  );

  test.each(['sources', 'queues', 'leases', 'publishers'])(
    'libs/%s, a registry, loads no package of others',
    (registry) => {
      expect([...loadedWith(`libs/${registry}/src/index.ts`, all)]).toEqual([]);
    },
  );

  test('core knows no platform: no package and nothing of Node', () => {
    const core = all.find(({ folder }) => folder === 'libs/core');
    const foreign = core?.sources.flatMap(importsOf).filter((specifier) => !specifier.startsWith('.'));
    expect(foreign).toEqual([]);
  });
});

/** Depth first over relative imports; the first cycle as a list of files. */
function findCycle(files: readonly string[]): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const specifier of importsOf(file).filter((text) => text.startsWith('.'))) {
      const cycle = visit(resolveImport(file, specifier), [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of files) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

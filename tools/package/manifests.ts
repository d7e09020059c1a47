/** The package.json files of the staged package. */

/** What of a package.json of ours is read here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Entries;
  readonly imports?: Entries;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type Entries = Readonly<Record<string, { readonly dist: string; readonly default: string }>>;

/**
 * A library of ours, with what was built as its only entries: a forgotten `--conditions=dist` cannot ask for sources that
 * are not there, nor can the processes and threads that `dstream` starts.
 */
export function libraryManifest({ name, version, description, license, ...own }: Manifest): object {
  return {
    name,
    version,
    private: true,
    description,
    license,
    type: 'module',
    ...(own.exports === undefined ? {} : { exports: built(own.exports) }),
    ...(own.imports === undefined ? {} : { imports: built(own.imports) }),
    dependencies: own.dependencies ?? {},
  };
}

/**
 * The command. Everything it depends on lies in its tarball. Only Node.js 24 for a Linux without one does not: npm fetches
 * it as an optional dependency, the one that the root of the workspace has.
 */
export function commandManifest(command: Manifest, workspace: Manifest): object {
  const { name, version, ...rest } = libraryManifest(command) as Manifest;
  return {
    name,
    version,
    ...rest,
    bin: command.bin,
    bundleDependencies: Object.keys(command.dependencies ?? {}),
    optionalDependencies: workspace.optionalDependencies,
  };
}

function built(entries: Entries): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(entries).map(([name, { dist }]) => [name, dist]));
}

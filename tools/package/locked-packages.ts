/** What `package-lock.json` installs, as npm reads it. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** An entry of the lock file: a package, or the link to one of ours. */
export interface LockedPackage {
  readonly version?: string;
  readonly hasInstallScript?: boolean;
  readonly engines?: { readonly node?: string };
  /** Of a link: the folder of the package. */
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** By path: `node_modules/pino`, `apps/dstream`; the root is ''. */
export function lockedPackages(): Readonly<Record<string, LockedPackage>> {
  const lock: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return (lock as { readonly packages: Readonly<Record<string, LockedPackage>> }).packages;
}

/**
 * The paths that `npm ci --omit=dev --omit=optional -w apps/dstream` puts in place: what `folder` needs to run, and what
 * that needs. `npm run package` stages them; `.ci/run` compares them with a real install.
 */
export function productionInstall(folder: string): ReadonlySet<string> {
  const packages = lockedPackages();
  const paths = new Set<string>();
  const visit = (path: string) => {
    if (paths.has(path)) return;
    paths.add(path);
    const { link, resolved = '', ...locked } = packages[path] ?? {};
    if (link === true) visit(resolved);
    else for (const name of neededBy(locked)) visit(locate(name, path));
  };
  const locate = (name: string, from: string): string => {
    const path = join(from, 'node_modules', name);
    if (path in packages) return path;
    if (from === '') throw new Error(`package-lock.json has no ${name}`);
    return locate(name, parentOf(from));
  };
  const [start = ''] = Object.keys(packages).filter((path) => packages[path]?.resolved === folder);
  visit(start);
  return paths;
}

function neededBy({ dependencies, peerDependencies, peerDependenciesMeta }: LockedPackage): string[] {
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => !peerDependenciesMeta?.[name]?.optional);
  return [...Object.keys(dependencies ?? {}), ...peers];
}

/** The folder whose `node_modules` Node.js looks into next. */
function parentOf(path: string): string {
  const parent = join(path, '..');
  return parent === '.' ? '' : parent;
}

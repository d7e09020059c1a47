/** The list of the packages of others in the staged package, with their licences. */

/** What of a package.json of others is read here. */
export interface ForeignManifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly repository?: string | { readonly url: string };
}

/** A package of others as it was staged. */
export interface ForeignPackage {
  /** Its folder, relative to the staged package. */
  readonly path: string;
  readonly manifest: ForeignManifest;
  /** Its files of licences and notices. */
  readonly licences: readonly string[];
}

const head = `DStream contains these packages of others, unchanged except for files that do not run (types, source maps, tests).
Where a package brings the text of its licence, the line below names the file; https://spdx.org/licenses has the others.
`;

/** The text of THIRD-PARTY-NOTICES. Throws for a package that does not say under which licence it is. */
export function notices(packages: readonly ForeignPackage[]): string {
  return `${head}\n${packages.map(notice).sort().join('\n')}`;
}

function notice({ path, manifest, licences }: ForeignPackage): string {
  const { name, version, license, repository } = manifest;
  if (license === undefined)
    throw new Error(`${name} ${version} (${path}) names no licence in its package.json`);
  const source = typeof repository === 'object' ? repository.url : (repository ?? `npm package ${name}`);
  const files = licences.map((file) => `  ${path}/${file}\n`);
  return `${name} ${version}: ${license}\n  ${source.replace(/^git\+/, '')}\n${files.join('')}`;
}

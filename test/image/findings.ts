/** What is wrong with an image, from what its engine tells of it. Pure. */

/** Of `image inspect`, what is looked at here: the names are the engines'. */
export interface ImageConfig {
  readonly User?: string;
  readonly Entrypoint?: readonly string[] | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Volumes?: Readonly<Record<string, unknown>> | null;
  readonly Healthcheck?: { readonly Test?: readonly string[] } | null;
}

/** Unpacked, in bytes. */
export const largestImage = 250e6;

/** Where the image lets its user write. */
export const writable = '/var/lib/dstream';

const labels = ['title', 'description', 'licenses', 'version', 'revision'].map(
  (name) => `org.opencontainers.image.${name}`,
);

/** A line for each setting that is not as deployments count on. */
export function configFindings(config: ImageConfig, revision: string): readonly string[] {
  const is = (name: string, actual: unknown, expected: unknown): string[] => {
    const [seen, wanted] = [JSON.stringify(actual ?? null), JSON.stringify(expected)];
    return seen === wanted ? [] : [`${name} is ${seen}, not ${wanted}`];
  };
  const missing = labels.filter((name) => (config.Labels?.[name] ?? '') === '');
  return [
    ...is('user', config.User, '10001:10001'),
    ...is('entry point', config.Entrypoint, ['/usr/bin/tini', '--', '/app/bin/dstream']),
    ...is('volumes', Object.keys(config.Volumes ?? {}), [writable]),
    ...is('health check', config.Healthcheck?.Test, ['CMD', '/app/bin/dstream', 'health']),
    ...is('revision', config.Labels?.['org.opencontainers.image.revision'], revision),
    ...missing.map((name) => `no label ${name}`),
  ];
}

/** Files that have no business in the image, and why not. */
const unwanted: readonly (readonly [reason: string, pattern: RegExp])[] = [
  ['a source or its map', /^\/app\/.*\.(?:[cm]?ts|map|tsbuildinfo)$/],
  ['a source', /^\/app\/(?:node_modules\/@dstream\/[^/]+\/)?src\//],
  ['a stand-in or the playground', /\/@dstream\/(?:stand-in[^/]*|playground)\/|\/node_modules\/azurite\//],
  [
    'a development tool',
    /\/node_modules\/(?:typescript|vitest|oxlint[^/]*|prettier|fast-check|@vitest|esbuild|npm)\//,
  ],
  ['a second Node.js', /^(?!\/usr\/local\/bin\/).*\/(?:node|npm|npx|corepack|yarn)$|\/node-linux-[^/]+\//],
  ['a tool of Debian that installs or compiles', /\/bin\/(?:apt|apt-get|dpkg|perl|gcc|make)$/],
];

/** What scanners of packages read. */
const needed = [
  '/app/package.json',
  '/app/package-lock.json',
  '/app/node_modules/@dstream/core/package.json',
  '/app/node_modules/tedious/package.json',
  '/usr/lib/os-release',
  ...['libc6', 'tini', 'libstdc++6', 'busybox-static'].map((name) => `/var/lib/dpkg/status.d/${name}`),
];

/** A line for each kind of file that should not be there, with the first of them, and for each that should. */
export function fileFindings(files: readonly string[]): readonly string[] {
  const present = new Set(files);
  return [
    ...unwanted.flatMap(([reason, pattern]) => {
      const [first, ...others] = files.filter((file) => pattern.test(file));
      return first === undefined ? [] : [`${reason}: ${first} and ${others.length} more`];
    }),
    ...needed.filter((file) => !present.has(file)).map((file) => `missing: ${file}`),
  ];
}

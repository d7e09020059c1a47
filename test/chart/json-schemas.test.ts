import { expect, test } from 'vitest';
import { builtInSchemas, customSchemas, type Swagger } from './json-schemas.ts';

const ref = (name: string) => ({ $ref: `#/definitions/${name}` });

const swagger: Swagger = {
  definitions: {
    Deployment: {
      description: 'A deployment.',
      type: 'object',
      properties: { spec: ref('Spec'), description: { type: 'string', description: 'What it is for.' } },
      'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
    },
    Spec: { type: 'object', required: ['port'], properties: { port: ref('Port'), labels: ref('Labels') } },
    Labels: { type: 'object', additionalProperties: { type: 'string' } },
    Port: { type: 'string', format: 'int-or-string' },
    Unused: { type: 'object' },
  },
};

test('the schema of a built-in kind is complete in itself and refuses unknown fields', () => {
  expect([...builtInSchemas(swagger)]).toEqual([
    [
      'deployment_apps_v1.json',
      {
        $ref: '#/definitions/Deployment',
        definitions: {
          Deployment: {
            type: 'object',
            properties: { spec: ref('Spec'), description: { type: 'string' } },
            additionalProperties: false,
            'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
          },
          Spec: {
            type: 'object',
            required: ['port'],
            properties: { port: ref('Port'), labels: ref('Labels') },
            additionalProperties: false,
          },
          Labels: { type: 'object', additionalProperties: { type: 'string' } },
          Port: { type: ['integer', 'string'] },
        },
      },
    ],
  ]);
});

test('a custom resource has a schema for each version, open where its definition says so', () => {
  const openAPIV3Schema = {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { size: { type: 'integer' } } },
      free: { type: 'object', properties: {}, 'x-kubernetes-preserve-unknown-fields': true },
    },
  };
  const spec = {
    group: 'keda.sh',
    names: { kind: 'ScaledObject' },
    versions: [{ name: 'v1alpha1', schema: { openAPIV3Schema } }],
  };
  expect(customSchemas({ spec })).toEqual([
    [
      'scaledobject_keda.sh_v1alpha1.json',
      {
        type: 'object',
        additionalProperties: false,
        properties: {
          spec: { type: 'object', properties: { size: { type: 'integer' } }, additionalProperties: false },
          free: { type: 'object', properties: {}, 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    ],
  ]);
});

/** JSON Schemas of Kubernetes' kinds, as kubeconform reads them. Pure. */

/** JSON, as a schema holds it. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Schema = { readonly [key: string]: Json };

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What a schema location of kubeconform calls the file of a kind. */
export const fileTemplate = '{{.ResourceKind}}_{{.Group}}_{{.ResourceAPIVersion}}.json';

/** Of the core group, kubeconform has its version instead. */
export const fileName = ({ group, version, kind }: GroupVersionKind): string =>
  `${kind.toLowerCase()}_${group || version}_${version}.json`;

/** The part of Kubernetes' `swagger.json` that is read. */
export interface Swagger {
  readonly definitions: { readonly [name: string]: Schema };
}

const kindsKey = 'x-kubernetes-group-version-kind';

/** A schema of every kind in Kubernetes' own API, each complete in itself, by file name. */
export function* builtInSchemas({ definitions }: Swagger): Generator<readonly [file: string, Schema]> {
  const strict = new Map(Object.entries(definitions).map(([name, schema]) => [name, strictly(schema)]));
  for (const [name, definition] of Object.entries(definitions)) {
    const kinds = (definition[kindsKey] ?? []) as unknown as readonly GroupVersionKind[];
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1) continue;
    const used = [...reachable(name, strict)].map((each) => [each, strict.get(each) ?? true] as const);
    yield [fileName(kind), { $ref: `#/definitions/${name}`, definitions: Object.fromEntries(used) }];
  }
}

/** The part of a CustomResourceDefinition that is read. */
export interface CustomResourceDefinition {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** A schema of every version of a custom resource, by file name. */
export function customSchemas({
  spec: { group, names, versions },
}: Pick<CustomResourceDefinition, 'spec'>): readonly (readonly [file: string, Schema])[] {
  return versions.map(({ name, schema }) => [
    fileName({ group, version: name, kind: names.kind }),
    strictly(schema.openAPIV3Schema),
  ]);
}

/** Refuses properties that are not declared, and takes both forms of what may be a number or a string. */
function strictly(schema: Schema): Schema {
  if (schema['format'] === 'int-or-string') return { type: ['integer', 'string'] };
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const closed = 'properties' in schema && !('additionalProperties' in schema) && !open;
  const entries = Object.entries(schema).flatMap(([key, value]): readonly (readonly [string, Json])[] => {
    if (key === 'description' && typeof value === 'string') return [];
    return [[key, key === 'properties' ? eachStrictly(value) : deeply(value)]];
  });
  return { ...Object.fromEntries(entries), ...(closed && { additionalProperties: false }) };
}

/** Of the declared properties, one of which may be called `description` or `format`. */
function eachStrictly(properties: Json): Json {
  return Object.fromEntries(
    Object.entries(properties as Schema).map(([name, schema]) => [name, deeply(schema)]),
  );
}

function deeply(value: Json): Json {
  if (Array.isArray(value)) return value.map(deeply);
  return isSchema(value) ? strictly(value) : value;
}

const isSchema = (value: Json): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The definitions that one refers to, and those that they do, itself among them. */
function reachable(name: string, all: ReadonlyMap<string, Schema>): ReadonlySet<string> {
  const found = new Set([name]);
  for (const each of found)
    for (const [, next] of JSON.stringify(all.get(each)).matchAll(/"#\/definitions\/([^"]+)"/g))
      found.add(next ?? '');
  return found;
}

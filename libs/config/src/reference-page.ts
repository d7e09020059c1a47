/** The reference page, made from the schema: `config/REFERENCE.md`. A test of `apps/dstream`, which knows all types, holds it up to date. */
import { rootSchema } from './read-configuration.ts';
import { childPath } from './text/hcl-document.ts';
import type { AdapterTypes } from './definitions/adapter-types.ts';
import type { ChildSchema, Key } from './schema/schema.ts';

const opening = `# Configuration reference

Every block and key. How to write a file: [docs/configuration.md](../docs/configuration.md); all keys in one file:
[full.hcl](full.hcl). This page is generated from the schemas in \`libs/config\` and of every type; do not edit it.

* Durations are Go's (\`200ms\`, \`5s\`, \`1h30m\`), sizes are bytes.
* In any string \`{{ env "X" }}\` is replaced by the variable X. Its quotes may be bare, escaped or backticks.
* _Not built yet_: accepted by \`dstream validate\`, refused by the other commands.
* _Secret_: never shown in logs, errors or \`/status\`.
`;

/** The whole page as Markdown. */
export function referencePage(types: AdapterTypes): string {
  return [opening, ...sections(rootSchema(types, undefined).blocks, '')].join('\n');
}

/** @param type that of a block around them: blocks inside are of it, too */
function sections(children: readonly ChildSchema[], parent: string, type?: string): readonly string[] {
  return [...Map.groupBy(children, ({ schema }) => schema.type)].flatMap(([name, variants]) => {
    const path = childPath(parent, name);
    const common = commonBlocks(variants);
    const own = variants.flatMap((child) => variantSections(child, path, common, type));
    return [...own, ...sections([...common], path, type)];
  });
}

/** Blocks that are in several variants, all of them the same: they are described once. */
function commonBlocks(variants: readonly ChildSchema[]): ReadonlySet<ChildSchema> {
  const [first, second] = variants.map(({ schema }) => schema.blocks);
  const known = new Set(second?.map(({ schema }) => schema));
  return new Set(first?.filter(({ schema }) => known.has(schema)));
}

function variantSections(
  child: ChildSchema,
  path: string,
  common: ReadonlySet<ChildSchema>,
  type: string | undefined,
): readonly string[] {
  const { schema } = child;
  if (schema.alias === true) return [`## \`${path}\`\n\n${schema.doc}\n`];
  const variant = schema.variant ?? type;
  const described = new Set(Array.from(common, (one) => one.schema));
  const inner = schema.blocks.filter((one) => !described.has(one.schema));
  return [section(child, path, variant), ...sections(inner, path, variant)];
}

function section(child: ChildSchema, path: string, variant: string | undefined): string {
  const { schema } = child;
  const heading = `## \`${path}\`${variant === undefined ? '' : ` of type \`${variant}\``}`;
  const keys = Object.entries(schema.keys).map(([name, key]) => keyLine(name, key));
  const about = [schema.doc, ...remarks(child)].join(' ');
  return [heading, '', about, '', ...(keys.length > 0 ? [...keys, ''] : [])].join('\n');
}

function remarks({ schema, count, label, built }: ChildSchema): readonly string[] {
  const counts = { required: 'Required.', optional: '', many: 'May be repeated.' };
  const labels = { none: '', optional: 'May have a label.', required: 'Needs a label.' };
  const content = schema.open === true ? 'Its keys are not decided yet.' : '';
  const notBuilt = built && schema.built !== false ? '' : '_Not built yet._';
  return [counts[count], labels[label], content, notBuilt].filter((remark) => remark !== '');
}

function keyLine(name: string, key: Key<unknown>): string {
  const notBuilt = key.built ? key.unbuilt.map((value) => `\`${JSON.stringify(value)}\``) : ['The key'];
  const remark =
    notBuilt.length === 0 ? '' : ` _${notBuilt.join(', ')}: not built yet._`.replace('The key: n', 'N');
  const secret = key.secret ? ' Secret.' : '';
  return `- \`${name}\` (${key.type.expected}; ${presence(key)}): ${key.doc}${secret}${remark}`;
}

function presence({ presence: p }: Key<unknown>): string {
  if (p.kind === 'required') return 'required';
  return p.kind === 'default' ? `default \`${JSON.stringify(p.value)}\`` : `if absent: ${p.means}`;
}

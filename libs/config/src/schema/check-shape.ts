/** What a block holds against what its schema knows: unknown, doubled, misplaced, wrongly labelled. */
import { homesOf, nearestHomes, reportNotBuilt, type Context } from './context.ts';
import type { AttributeNode, BlockNode } from '../text/hcl-document.ts';
import { nearest } from '../values/nearest.ts';
import type { BlockSchema, ChildSchema } from './schema.ts';

/** Reports every key and block that is unknown, doubled, misplaced, missing or wrongly labelled. Values are not looked at. */
export function checkShape(schema: BlockSchema, node: BlockNode, context: Context): void {
  if (schema.open === true) {
    reportKeysAsBlocks(schema, node, context);
    return;
  }
  for (const attribute of node.attributes) checkAttribute(schema, node, attribute, context);
  for (const block of node.blocks) checkBlock(schema, node, block, context);
  // One of a kind: the schemas of one type of block differ in what it holds.
  for (const child of new Map(schema.blocks.map((c) => [c.schema.type, c])).values())
    checkPresence(child, node, context);
}

/** All that is checked where the rest is not known: such a block would hide that the key is missing. */
function reportKeysAsBlocks({ keys }: BlockSchema, { blocks }: BlockNode, { problems }: Context): void {
  for (const block of blocks.filter(({ type }) => Object.hasOwn(keys, type)))
    problems.add(block, keyAsBlock(block.type));
}

function checkAttribute(
  schema: BlockSchema,
  node: BlockNode,
  attribute: AttributeNode,
  context: Context,
): void {
  const { problems } = context;
  const { key } = attribute;
  const first = node.attributes.find((a) => a.key === key);
  if (first !== undefined && first !== attribute) {
    problems.add(attribute, `duplicate key, first on line ${first.line}; remove one`);
  } else if (childOf(schema, key) !== undefined) {
    problems.add(attribute, `${key} is a block, not a key; write ${key} { … }`);
  } else if (!Object.hasOwn(schema.keys, key)) {
    problems.add({ line: attribute.line, path: node.path }, unknown('key', key, schema, node, context));
  }
}

function checkBlock(schema: BlockSchema, node: BlockNode, block: BlockNode, context: Context): void {
  const { problems } = context;
  const child = childOf(schema, block.type);
  if (child === undefined) {
    if (Object.hasOwn(schema.keys, block.type)) problems.add(block, keyAsBlock(block.type));
    else
      problems.add(
        { line: block.line, path: node.path },
        unknown('block', block.type, schema, node, context),
      );
    return;
  }
  if (!child.built) reportNotBuilt(context, block, 'the block is not built yet; remove it');
  const first = node.blocks.find((b) => b.type === block.type);
  if (child.count !== 'many' && first !== undefined && first !== block) {
    problems.add(block, `duplicate block, first on line ${first.line}; merge them`);
  }
  checkLabels(child, block, context);
}

function keyAsBlock(name: string): string {
  return `${name} is a key, not a block; write ${name} = …`;
}

function checkLabels(child: ChildSchema, block: BlockNode, context: Context): void {
  const { problems } = context;
  const { labels, type } = block;
  const [label] = labels;
  if (child.label === 'none' && label !== undefined) {
    problems.add(block, `unexpected label; write ${type} { … }`);
  } else if (labels.length > 1) {
    problems.add(block, `too many labels; write ${type} "${label}" { … }`);
  } else if (child.label === 'required' && label === undefined) {
    problems.add(block, `missing label; write ${type} "name" { … }`);
  } else if (label !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$/.test(label)) {
    problems.add(block, 'invalid label; use letters, digits, "_" and "-", at most 63 characters');
  }
}

function checkPresence(child: ChildSchema, node: BlockNode, context: Context): void {
  const { type } = child.schema;
  if (child.count !== 'required' || node.blocks.some((b) => b.type === type)) return;
  if (node.attributes.some((a) => a.key === type)) return; // reported already: it is a block
  context.problems.add(node, `missing block ${type}; write ${type} { … }`);
}

function childOf(schema: BlockSchema, type: string): ChildSchema | undefined {
  return schema.blocks.find((c) => c.schema.type === type);
}

function unknown(
  kind: 'key' | 'block',
  name: string,
  schema: BlockSchema,
  node: BlockNode,
  context: Context,
): string {
  const keys = Object.keys(schema.keys);
  const blocks = [...new Set(schema.blocks.map((c) => c.schema.type))];
  const meant = nearest(name, kind === 'key' ? [...keys, ...blocks] : [...blocks, ...keys]);
  const what = `unknown ${kind} "${name}"`;
  const longer = kind === 'key' ? onlyLonger(name, keys, node) : undefined;
  const homes = nearestHomes(homesOf(kind, name, context.root), node, longer === undefined);
  if (homes.length === 0 && longer !== undefined) return `${what}; did you mean "${longer}"?`;
  if (homes.length > 0) return `${what}; it belongs ${inHome(homes.join(' or '))}`;
  if (meant !== undefined) return `${what}; did you mean "${meant}"?`;
  return `${what}; expected one of ${[...keys, ...blocks].join(', ')}`;
}

/** `db_connection_string`, where it is not given, of `connection_string`: meant rather than a key of that name in blocks elsewhere. */
function onlyLonger(name: string, keys: readonly string[], node: BlockNode): string | undefined {
  const given = new Set(node.attributes.map(({ key }) => key));
  const [longer, another] = keys.filter((key) => !given.has(key) && `_${key}_`.includes(`_${name}_`));
  return another === undefined ? longer : undefined;
}

function inHome(home: string): string {
  return home.startsWith('the ') ? `at ${home}` : `in ${home}`;
}

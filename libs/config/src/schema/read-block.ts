/** One block of a file against its schema: the shape is checked, the keys become values, and so do those of the blocks inside. */
import { register, reportNotBuilt, silent, type Context } from './context.ts';
import { checkShape } from './check-shape.ts';
import { fillValue } from './fill-value.ts';
import { childPath, type AttributeNode, type BlockNode, type Place } from '../text/hcl-document.ts';
import type { Reading, BlockSchema, ChildSchema, Key, Keys, ValuesOf } from './schema.ts';
import { faultText, type Given } from '../values/value-type.ts';

interface KeyReading {
  readonly value: unknown;
  readonly sound: boolean;
}

/**
 * Blocks inside are read with it, but for those whose schema depends on their `type`: they have a reader of their own.
 * @param node undefined when the block is absent: then every key has its default, or is missed at `parent`
 */
export function readBlock<K extends Keys>(
  schema: BlockSchema<K>,
  node: BlockNode | undefined,
  parent: Place,
  context: Context,
): Reading<K> {
  const place: Place = node ?? { line: parent.line, path: childPath(parent.path, schema.type) };
  if (node !== undefined) {
    register(context, { line: node.line, path: node.path });
    checkShape(schema, node, context);
  }
  const readings = new Map<string, KeyReading>();
  const given = new Map(node?.attributes.toReversed().map((a) => [a.key, a]));
  for (const [name, key] of Object.entries(schema.keys)) {
    // The shape has reported a block in the place of a key.
    const isBlock = node?.blocks.some((block) => block.type === name) === true;
    readings.set(name, isBlock ? blank(key) : readKey(name, key, given.get(name), place, context));
  }
  const values = Object.fromEntries([...readings].map(([name, { value }]) => [name, value]));
  return {
    place,
    label: node?.labels[0] ?? '',
    values: values as ValuesOf<K>,
    isGiven: (key) => given.has(key),
    isSound: (...keys) => keys.every((key) => readings.get(key)?.sound === true),
    placeOf: (key) => given.get(key) ?? { line: place.line, path: childPath(place.path, key) },
    ...readInner(schema, node, place, context),
  };
}

/** All blocks are read at once, so that they are checked even if a type never asks for them. */
function readInner(
  schema: BlockSchema,
  node: BlockNode | undefined,
  place: Place,
  context: Context,
): Pick<Reading, 'block' | 'blocks'> {
  const inner = new Map(
    schema.blocks
      .filter((child) => child.schema.variant === undefined && child.schema.open !== true)
      .map((child) => [
        child.schema,
        nodesOf(child, node).map((found) => readBlock(child.schema, found, place, context)),
      ]),
  );
  const blocks = <B extends Keys>(wanted: BlockSchema<B>) => {
    const found = inner.get(wanted);
    if (found === undefined) throw new Error(`the schema of ${schema.type} has no block ${wanted.type}`);
    return found as readonly Reading<B>[];
  };
  return {
    blocks,
    block: (wanted) => blocks(wanted)[0] ?? readBlock(wanted, undefined, place, silent(context)),
  };
}

/** A second block, where only one may be, is a problem of the shape. */
function nodesOf({ schema, count }: ChildSchema, node: BlockNode | undefined): readonly BlockNode[] {
  const nodes = (node?.blocks ?? []).filter(({ type }) => type === schema.type);
  return count === 'many' ? nodes : nodes.slice(0, 1);
}

function readKey(
  name: string,
  key: Key<unknown>,
  node: AttributeNode | undefined,
  block: Place,
  context: Context,
): KeyReading {
  if (node === undefined) return absentKey(name, key, block, context);
  register(context, { line: node.line, path: node.path });
  node.items.forEach(({ line }, i) => register(context, { line, path: `${node.path}[${i}]` }));
  if (!key.built) reportNotBuilt(context, node, `the key is not built yet; ${key.instead}`);
  const given = fillValue(node, key, context);
  return given === undefined ? blank(key) : readGiven(given, key, node, context);
}

function readGiven(given: Given, key: Key<unknown>, node: AttributeNode, context: Context): KeyReading {
  const whole = key.secret && typeof given.value === 'string' ? [given.value, given.value.trim()] : [];
  for (const secret of [...whole, ...(key.type.secretsOf?.(given) ?? [])]) context.secrets.add(secret);
  const result = key.type.read(given);
  if ('faults' in result) {
    for (const fault of result.faults) {
      const { item } = fault;
      const line = item === undefined ? node.line : (node.items[item]?.line ?? node.line);
      context.problems.add({ line, path: node.path }, faultText(fault));
    }
    return blank(key);
  }
  if (key.built && key.unbuilt.some((value) => value === result.value)) {
    reportNotBuilt(context, node, `${JSON.stringify(result.value)} is not built yet${builtInstead(key)}`);
  }
  return { value: result.value, sound: true };
}

function builtInstead(key: Key<unknown>): string {
  return key.presence.kind === 'default' ? `; use ${JSON.stringify(key.presence.value)}` : '';
}

function absentKey(name: string, key: Key<unknown>, block: Place, context: Context): KeyReading {
  const { presence, type } = key;
  if (presence.kind === 'absent') return { value: undefined, sound: true };
  if (presence.kind === 'required') {
    const path = childPath(block.path, name);
    context.problems.add(
      { line: block.line, path },
      `missing key ${name}; write ${name} = … (${type.expected})`,
    );
    return blank(key);
  }
  const shown = JSON.stringify(presence.value);
  const result = type.read({ value: presence.value, shown, fromVariable: false, items: [] });
  return 'value' in result ? { value: result.value, sound: true } : blank(key);
}

function blank(key: Key<unknown>): KeyReading {
  return { value: key.type.blank, sound: false };
}

/** The first block of a type. A second one, where only one may be, is a problem of the shape. */
export function blockOf(node: BlockNode | undefined, type: string): BlockNode | undefined {
  return node?.blocks.find((block) => block.type === type);
}

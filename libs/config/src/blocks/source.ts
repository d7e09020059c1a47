/**
 * `ingester.source`: what a change comes from. The keys and blocks of one type may be in `ingester` itself instead, as
 * the original of these files has them.
 */
import type { Hash } from '@dstream/core';
import type { AdapterTypes, FileContext } from '../definitions/adapter-types.ts';
import {
  checksOnceSet,
  onceSet,
  readTypedBlock,
  schemasOf,
  type TypedBlock,
  type TypedReading,
} from '../definitions/block-type.ts';
import type { OpenableSource, SourceType } from '../definitions/source-type.ts';
import { canonicalPath } from '../schema/context.ts';
import type { Problems } from '../schema/problems.ts';
import { child, type ChildSchema } from '../schema/schema.ts';
import { blockOf } from '../schema/read-block.ts';
import type { BlockNode, Place } from '../text/hcl-document.ts';
import type { SourceConfig } from './configuration.ts';

const block = 'source';

function sourceBlock({ sources }: AdapterTypes): TypedBlock<SourceType> {
  return { block, types: sources, typeDoc: 'Type of source.', hasDefault: false, commonKeys: {} };
}

/** The type whose keys are in `ingester` itself: where the file has no block `source`. */
export function inlineSource(ingester: BlockNode | undefined, types: AdapterTypes): SourceType | undefined {
  return blockOf(ingester, block) === undefined ? types.sources.find(isInline) : undefined;
}

const isInline = ({ inIngester }: SourceType) => inIngester;

/** @param inline the type whose keys are in `ingester` itself: that is where its own keys belong then */
export function sourceChildren(types: AdapterTypes, inline: SourceType | undefined): readonly ChildSchema[] {
  const count = types.sources.some(isInline) ? 'optional' : 'required';
  return schemasOf(sourceBlock(types)).map((schema) => {
    const type = types.sources.find((one) => one.type === schema.variant);
    const doc = type?.inIngester === true ? `${schema.doc} ${mayBeInIngester}` : schema.doc;
    return child({ ...schema, doc, alias: type === inline }, count);
  });
}

const mayBeInIngester =
  'Its keys and blocks may also be written directly in `ingester`, without the block `source`.';

/**
 * `ingester` without what describes a source inside it, for a file with a block `source`: there is one source, so both
 * forms together are a problem.
 */
export function withoutInlineSource(node: BlockNode, context: FileContext): BlockNode {
  const type = context.types.sources.find(isInline);
  const sourceNode = blockOf(node, block);
  if (type === undefined || sourceNode === undefined) return node;
  const blockNames = new Set(type.blocks.map(({ schema }) => schema.type));
  const attributes = node.attributes.filter(({ key }) => Object.hasOwn(type.keys, key));
  const blocks = node.blocks.filter((inner) => blockNames.has(inner.type));
  const names = [...attributes.map(({ key }) => key), ...blocks.map((inner) => inner.type)];
  const [first] = [...attributes, ...blocks].sort((a, b) => a.line - b.line);
  if (first !== undefined)
    context.problems.add(
      first,
      `duplicate source: ${names.join(', ')} here, and the block source on line ${sourceNode.line}; remove one of the two`,
    );
  return {
    ...node,
    attributes: node.attributes.filter((attribute) => !attributes.includes(attribute)),
    blocks: node.blocks.filter((inner) => !blocks.includes(inner)),
  };
}

/**
 * Undefined when the block is missing; a problem says so.
 * @param unset as in `sourceConfig`, of `ingester` itself
 */
export function readSource(
  node: BlockNode,
  parent: Place,
  context: FileContext,
  unset: Problems,
): SourceConfig | undefined {
  const sourceNode = blockOf(node, block);
  if (sourceNode === undefined) return undefined;
  const found = readTypedBlock(sourceBlock(context.types), sourceNode, parent, context, unset);
  return found === undefined ? untypedSource(sourceNode, unset) : sourceConfig(found, context);
}

/** A source whose type is wrong or not known, because its variable is not set. It is not the same as no source. */
function untypedSource({ path }: BlockNode, unset: Problems): SourceConfig {
  const unknown = () => {
    unset.throwIfAny();
    throw new Error(`the type of ${path} is not known, and no problem says why`);
  };
  return {
    path: canonicalPath(path),
    type: '',
    settings: {},
    what: block,
    outline: unknown,
    catalogue: onceSet(unset, unknown),
    open: onceSet(unset, unknown),
  };
}

/** `unset` holds those variables too that only `ingester.name` needs: the scope of the source is made of it. */
export function sourceConfig(
  { type, reading, unset }: TypedReading<SourceType>,
  context: FileContext,
): SourceConfig {
  const source = type.read(reading, context.problems);
  return {
    path: canonicalPath(reading.place.path),
    type: type.type,
    settings: source.settings,
    what: source.what,
    outline: (name, hash) => outlineOf(source, name, hash, unset),
    catalogue: onceSet(unset, (services, o) => source.catalogue(services, o)),
    ...checksOnceSet(unset, source),
    open: onceSet(unset, (services) => source.open(services)),
  };
}

/** Not every variable is needed for it: that of the name is, and where there is no outline, all that are not set are reported. */
function outlineOf(source: OpenableSource, name: string | undefined, hash: Hash, unset: Problems) {
  try {
    const outline = source.outline(name, hash);
    unset.only((path) => path === 'ingester.name').throwIfAny();
    return outline;
  } catch (error) {
    unset.throwIfAny();
    throw error;
  }
}

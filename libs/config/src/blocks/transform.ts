/** The blocks `transform`: the keys of every transform around those of its type. */
import { dirname } from 'node:path';
import type { FileContext } from '../definitions/adapter-types.ts';
import {
  checksOnceSet,
  onceSet,
  readTypedBlock,
  schemasOf,
  type TypedBlock,
} from '../definitions/block-type.ts';
import type { TransformType, TransformTypes } from '../definitions/transform-type.ts';
import { canonicalPath } from '../schema/context.ts';
import { withDefault, type BlockSchema, type Reading } from '../schema/schema.ts';
import type { BlockNode, Place } from '../text/hcl-document.ts';
import { boolean, choice } from '../values/scalars.ts';
import type { TransformConfig } from './configuration.ts';
import { matchChild, readMatch } from './match.ts';

const transformKeys = {
  on_error: withDefault(
    choice(['dead_letter', 'drop', 'pass']),
    'dead_letter',
    'What becomes of a change on which the transform fails: "dead_letter" keeps it with its reason, "drop" counts it, "pass" delivers it as it was before this transform.',
  ),
  allow_unmasked: withDefault(
    boolean,
    false,
    'Allows `on_error = "pass"` for a transform that hides something: a change on which it fails is then delivered with what it should have hidden.',
  ),
} as const;

function transformBlock(types: TransformTypes): TypedBlock<TransformType, typeof transformKeys> {
  return {
    block: 'transform',
    types,
    typeDoc: 'Type of transform.',
    hasDefault: false,
    commonKeys: transformKeys,
    commonBlocks: [matchChild],
  };
}

/** The schemas of `transform`, one per type. */
export function transformSchemas(types: TransformTypes): readonly BlockSchema[] {
  return schemasOf(transformBlock(types));
}

/** Undefined when its type is missing or not known; a problem says so. */
export function readTransform(
  node: BlockNode,
  parent: Place,
  context: FileContext,
): TransformConfig | undefined {
  const found = readTypedBlock(transformBlock(context.types.transforms), node, parent, context);
  if (found === undefined) return undefined;
  const { type, reading, unset } = found;
  const transform = type.read(reading, context.problems, { folder: dirname(context.file) });
  checkPass(reading, transform.hides, context);
  context.checks.push({ unset, run: () => transform.check() });
  return {
    path: canonicalPath(reading.place.path),
    name: node.labels[0] ?? type.type,
    type: type.type,
    match: readMatch(reading),
    onError: reading.values.on_error,
    settings: transform.settings,
    ...checksOnceSet(unset, transform),
    open: onceSet(unset, (services) => transform.open(services)),
  };
}

function checkPass(reading: Reading<typeof transformKeys>, hides: boolean, { problems }: FileContext): void {
  const { on_error: onError, allow_unmasked: allowed } = reading.values;
  if (onError !== 'pass' || !hides || allowed || !reading.isSound('on_error', 'allow_unmasked')) return;
  problems.add(
    reading.placeOf('on_error'),
    '"pass" would deliver what the transform hides; write "dead_letter" or "drop", or add allow_unmasked = true',
  );
}

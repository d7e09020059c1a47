/** The key `envelope` of an output, and the block of that name with what can be set about it. */
import type { Context } from '../schema/context.ts';
import { withDefault, type ChildSchema, type Key, type Reading } from '../schema/schema.ts';
import { choice } from '../values/scalars.ts';
import type { Carries, EnvelopeType, EnvelopeTypes } from '../definitions/envelope-type.ts';
import type { Destination } from '../definitions/output-type.ts';
import type { FileContext } from '../definitions/adapter-types.ts';

/** A key of every output. */
export type EnvelopeKey = { readonly envelope: Key<string> };

/** The key, with the first envelope as its default. */
export function envelopeKey([first, ...others]: EnvelopeTypes): EnvelopeKey {
  const names = choice([first.type, ...others.map(({ type }) => type)]);
  const meanings = [first, ...others].map(({ type, doc }) => `"${type}": ${doc}`);
  return {
    envelope: withDefault(names, first.type, `Form in which changes are written. ${meanings.join(' ')}`),
  };
}

/** The blocks of the envelopes that have settings. */
export function envelopeBlocks(types: EnvelopeTypes): readonly ChildSchema[] {
  return types.flatMap(({ block }) =>
    block === undefined ? [] : [{ schema: block, count: 'optional', label: 'none', built: true }],
  );
}

/** The envelope of an output, and how it is opened with that. Reports what its destination cannot do. */
export function readEnvelope(
  reading: Reading<EnvelopeKey>,
  { carries, open }: { readonly carries: Carries; open: Destination['open'] },
  { types, problems }: FileContext,
): Partial<Pick<Destination, 'open'>> & { readonly envelope: string } {
  const { envelope } = reading.values;
  const type = types.envelopes.find((known) => known.type === envelope) ?? types.envelopes[0];
  if (reading.isSound('envelope')) reportOtherBlocks(reading, type, types.envelopes, problems);
  const openEnvelope = type.read(type.block ? reading.block(type.block) : reading, carries, problems);
  if (openEnvelope === undefined) return { envelope };
  if (carries.ownFormOnly !== undefined) problems.add(reading.placeOf('envelope'), carries.ownFormOnly);
  return {
    envelope,
    open: async (services) => {
      const wrap = await openEnvelope(services);
      return wrap(await open(services));
    },
  };
}

/** The settings of an envelope that the output does not have: its key was forgotten. */
function reportOtherBlocks(
  reading: Reading<EnvelopeKey>,
  { type: chosen }: EnvelopeType,
  types: EnvelopeTypes,
  problems: Context['problems'],
): void {
  for (const { type, block } of types) {
    if (block === undefined || type === chosen) continue;
    for (const { place } of reading.blocks(block))
      problems.add(
        place,
        `no effect with the envelope "${chosen}"; write envelope = "${type}", or remove the block`,
      );
  }
}

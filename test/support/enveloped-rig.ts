/** A destination whose publishers put changes into an envelope. */
import { cloudEventsEnvelope } from '../../libs/outputs/src/envelopes/cloud-events.ts';
import { debeziumEnvelope } from '../../libs/outputs/src/envelopes/debezium.ts';
import { withEnvelope, type Encode } from '../../libs/outputs/src/envelopes/with-envelope.ts';
import { textOf, type PublisherRig } from './publisher-rig.ts';

/** Envelopes of which each body belongs to one change. */
export const envelopes = {
  debezium: () =>
    debeziumEnvelope({ wrapper: false, tombstones: true, bigint: [] }, { wallMs: () => 1_796_079_565_663 }),
  structured: () => cloudEventsEnvelope('structured'),
  binary: () => cloudEventsEnvelope('binary'),
} as const satisfies Record<string, () => Encode>;

/** The destination holds what `encode` made; the suite sees the lines that it was made of. */
export function enveloped(rig: PublisherRig, encode: Encode): PublisherRig {
  const lines = new Map<string, string>();
  const remembering: Encode = (routed) => {
    const made = encode(routed);
    for (const one of [made].flat()) lines.set(textOf(one), textOf(routed));
    return made;
  };
  const { openForbidden } = rig;
  return {
    ...rig,
    open: () => withEnvelope(rig.open(), remembering),
    ...(openForbidden && { openForbidden: () => withEnvelope(openForbidden(), remembering) }),
    delivered: async (count) => {
      const bodies = await rig.delivered(count);
      return bodies.map((body) => lines.get(body) ?? `not what the envelope made: ${body}`);
    },
  };
}

import rhea from 'rhea';
import type { RheaConnection } from './rhea-internals.ts';

/** How many fields each performative has (AMQP 1.0, part 2.7), by the name that rhea gives its class. */
const fieldCounts: Readonly<Record<string, number>> = {
  'open#10': 10,
  'begin#11': 8,
  'attach#12': 14,
  'flow#13': 11,
  'transfer#14': 11,
  'disposition#15': 6,
  'detach#16': 3,
};

const begin = 'begin#11';
const handleMax = 4;

/**
 * Writes every field of a performative. AMQP allows to leave out those at the end that have their default, and rhea does;
 * there are clients that read fields by their index and fail (azure-eventhub 5.15 for Python, `link.py`, `session.py`).
 */
export function writeWholeFrames(connection: RheaConnection): void {
  const transport = connection.amqp_transport;
  const encode = transport.encode.bind(transport);
  transport.encode = (frame) => {
    const { performative } = frame;
    if (performative !== undefined) complete(performative.value, String(performative.constructor));
    encode(frame);
  };
}

function complete(fields: unknown[], name: string): void {
  const count = fieldCounts[name] ?? 0;
  for (let i = fields.length; i < count; i += 1) fields[i] = null;
  if (name === begin) fields[handleMax] ??= rhea.types.wrap_uint(0xffff_ffff);
}

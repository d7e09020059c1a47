/** The envelopes that an output may have. */
import { defineEnvelope } from '@dstream/config/schema';
import { cloudEventsType } from './cloud-events.ts';
import { debeziumType } from './debezium-type.ts';
import { plainType } from './plain.ts';

/** `envelope = "dstream"`: nothing is done, so it costs nothing. */
const dstreamType = defineEnvelope({
  type: 'dstream',
  doc: 'As they arrived, byte for byte if no transform changed them.',
  keys: {},
  settings: () => ({}),
});

/** Every value of the key `envelope`, the default first. */
export const envelopeTypes = [dstreamType, debeziumType, cloudEventsType, plainType] as const;

import { defineQueue } from '@dstream/config/schema';

/** Ingester and processor in one process, without a broker between them (`dstream server`). Not built yet. */
export const directType = defineQueue({
  type: 'direct',
  topic: {
    doc: 'No broker: changes go straight to the outputs of the same process.',
    keys: {},
    settings: () => ({}),
    name: () => 'direct',
  },
  subscription: {
    doc: 'No broker: changes come straight from the ingester of the same process.',
    keys: {},
    settings: () => ({}),
    name: () => ({ topic: 'direct', subscription: 'direct' }),
  },
});

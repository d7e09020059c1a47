import { defineQueue } from '@dstream/config/schema';

/** Ingester and processor in one process, without a broker between them (`dstream server`). Not built yet. */
export const directType = defineQueue({
  type: 'direct',
  topic: {
    doc: 'None: the changes go straight to the outputs of the same process.',
    keys: {},
    settings: () => ({}),
    name: () => 'direct',
  },
  subscription: {
    doc: 'None: the changes come straight from the ingester of the same process.',
    keys: {},
    settings: () => ({}),
    name: () => ({ topic: 'direct', subscription: 'direct' }),
  },
});

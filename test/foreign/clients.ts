/** Every client, in the order in which they run. */
import type { ForeignClient } from './foreign-client.ts';

export const clients: readonly ForeignClient[] = [];

import type { CheckpointStore } from './checkpoint-store.ts';
import type { LeaseViewer } from './lease-overview.ts';
import type { LeaseStore } from './lease-store.ts';

/** All that is kept of a source in one store: who owns its partitions, how far they are, and a look at both. */
export interface Leases extends LeaseStore, CheckpointStore, LeaseViewer, AsyncDisposable {}

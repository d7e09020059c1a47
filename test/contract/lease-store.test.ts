import { openRealLeases, openStandInLeases } from '../support/blob-lease-rig.ts';
import { realBlobs } from '../support/endpoints.ts';
import { openInMemoryLeases } from '../support/in-memory-lease-rig.ts';
import { leaseStoreContract } from './lease-store.ts';

leaseStoreContract('in memory', openInMemoryLeases);
leaseStoreContract('Azurite', openStandInLeases);

const real = realBlobs();
if (real !== undefined) leaseStoreContract('Azure Blob Storage', () => openRealLeases(real));

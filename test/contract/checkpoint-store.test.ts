import { openRealLeases, openStandInLeases } from '../support/blob-lease-rig.ts';
import { realBlobs } from '../support/endpoints.ts';
import { openInMemoryLeases } from '../support/in-memory-lease-rig.ts';
import { checkpointStoreContract } from './checkpoint-store.ts';

checkpointStoreContract('in memory', openInMemoryLeases);
checkpointStoreContract('Azurite', openStandInLeases);

const real = realBlobs();
if (real !== undefined) checkpointStoreContract('Azure Blob Storage', () => openRealLeases(real));

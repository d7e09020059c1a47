/** The types of store for leases and checkpoints. To add one, see README.md. */
import type { LeaseStoreTypes } from '@dstream/config/schema';
import { azureBlobType } from '@dstream/azure-blob/type';

/** Every `type` that the block `locks` may have. The first is the default. */
export const leaseStoreTypes: LeaseStoreTypes = [azureBlobType];

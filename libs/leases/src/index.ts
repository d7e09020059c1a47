/** The kinds of store for leases and checkpoints that DStream has. The first is the default. To add one: README.md. */
import type { LeaseStoreTypes } from '@dstream/config/schema';
import { azureBlobType } from '@dstream/azure-blob/type';

export const leaseStoreTypes: LeaseStoreTypes = [azureBlobType];

export { AzureBlobLeases } from './azure-blob-leases.ts';
export type { BlobAddress, BlobLeasesOptions } from './storage.ts';

export type { BlobAddress } from './address.ts';
export { AzureBlobLeases } from './azure-blob-leases.ts';
export type { BlobLeasesOptions } from './options.ts';

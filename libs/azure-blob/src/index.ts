export { AzureBlobLeases } from './azure-blob-leases.ts';
export type { BlobLeasesOptions } from './options.ts';

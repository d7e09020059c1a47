export { BlobFaults, type BlobFault, type BlobFaultAction } from './faults.ts';
export type { BlobOperation } from './operation.ts';
export { startBlobs, type Blobs, type BlobsOptions } from './start-blobs.ts';

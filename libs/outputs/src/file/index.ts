export { FilePublisher, type FilePublisherOptions } from './file-publisher.ts';
export { nodeFileSystem, type FileSystem, type OpenFile, type PathStatus } from './file-system.ts';
export type { ProcessIdentity } from './path-lock.ts';
export { thisProcess } from './process-identity.ts';

/**
 * The only place that knows Azurite's insides. Azurite has no programmatic entry point and no typings, so its blob
 * server is loaded from the files of the pinned version (3.37.0), by `require`, because its default export differs
 * between Node and a bundler. Loading takes most of a second and is therefore left until the first start.
 */
import type { RequestListener, Server } from 'node:http';
import { createRequire } from 'node:module';

/** What is stored about a blob, as far as leases go (Azurite's `BlobModel`). */
export interface StoredBlob {
  readonly containerName: string;
  readonly name: string;
  leaseExpireTime?: Date | undefined;
  readonly properties: { readonly leaseState?: string };
}

interface Collection {
  find(): readonly StoredBlob[];
  update(blob: StoredBlob): void;
}

interface BlobServer {
  readonly httpServer: Server;
  readonly metadataStore: {
    readonly db: { getCollection(name: string): Collection };
    readonly BLOBS_COLLECTION: string;
  };
  start(): Promise<void>;
  close(): Promise<void>;
}

type New<T> = new (...args: readonly unknown[]) => T;

interface Default<T> {
  readonly default: New<T>;
}

interface ChunkModule {
  readonly MemoryExtentChunkStore: New<object>;
}

export interface Azurite {
  readonly httpServer: Server;
  /** Azurite's own handler, taken off the server so that faults can stand in front of it. */
  readonly handle: RequestListener;
  readonly blobs: () => Collection;
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * A blob server in memory that is not started yet: silent, without a debug log, and without telemetry, which only
 * Azurite's command line turns on.
 */
export function loadAzurite(port: number): Azurite {
  const require = createRequire(import.meta.url);
  const { default: Configuration } = require('azurite/dist/src/blob/BlobConfiguration') as Default<object>;
  const { default: Server } = require('azurite/dist/src/blob/BlobServer') as Default<BlobServer>;
  const { MemoryExtentChunkStore: Chunks } =
    require('azurite/dist/src/common/persistence/MemoryExtentStore') as ChunkModule;
  const server = new Server(new Configuration(...configuration(port, new Chunks(contentLimitBytes))));
  const [handle] = server.httpServer.listeners('request');
  server.httpServer.removeAllListeners('request');
  return {
    httpServer: server.httpServer,
    handle: handle as RequestListener,
    blobs: () => server.metadataStore.db.getCollection(server.metadataStore.BLOBS_COLLECTION),
    start: () => server.start(),
    close: () => server.close(),
  };
}

const contentLimitBytes = 512 * 1024 * 1024;
const keepAliveSeconds = 5;

/** The constructor of Azurite's `BlobConfiguration` takes its settings by position. */
function configuration(port: number, chunks: object): readonly unknown[] {
  const unused = undefined;
  const server = ['127.0.0.1', port, keepAliveSeconds];
  const files = [unused, unused, unused]; // nothing is written
  const logs = [false, unused, false, unused]; // no access log, no debug log
  const loose = false; // a header that Azurite does not know is refused
  const skipApiVersionCheck = true; // the client is newer than Azurite
  const security = ['', '', '', 'basic']; // no certificates; tokens are judged without their signature
  const [disableProductStyleUrls, inMemory] = [false, true];
  return [
    ...server,
    ...files,
    ...logs,
    loose,
    skipApiVersionCheck,
    ...security,
    disableProductStyleUrls,
    inMemory,
    chunks,
  ];
}

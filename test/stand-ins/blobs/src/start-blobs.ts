/** Start and stop of the blob storage, and the leases that end now. */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { LocalCertificate } from '@dstream/stand-in-certificate';
import { loadAzurite, type Azurite, type StoredBlob } from './azurite.ts';
import { BlobFaults } from './faults.ts';
import { createFront } from './front.ts';
import type { BlobOperation } from './operation.ts';

export interface BlobsOptions {
  /** A free port without it. */
  readonly port?: number;
  /** Serves over TLS too: tokens of Microsoft Entra ID are taken there only. */
  readonly certificate?: LocalCertificate;
}

/** Blob storage in this process, on 127.0.0.1. What it holds is gone when it is closed. */
export interface Blobs extends AsyncDisposable {
  readonly port: number;
  /** Of Azurite's well-known development account; its key is public. */
  readonly connectionString: string;
  /** Address of the account over TLS. Undefined without a certificate. */
  readonly secureUrl: string | undefined;
  readonly faults: BlobFaults;
  /** Requests by operation since the start, those that met a fault included. */
  readonly counters: ReadonlyMap<BlobOperation, number>;
  /**
   * Ends every running lease of the blobs whose `container/name` holds `path`, just as the passing of time would:
   * the blob is free, its old lease id is refused. Returns how many.
   */
  expireLeases(path?: string): number;
  /** Cuts every connection and frees the port. Closing twice is harmless. */
  close(): Promise<void>;
}

/** Starts blob storage. Takes about a second the first time in a process. Rejects with EADDRINUSE on a busy port. */
export async function startBlobs(options: BlobsOptions = {}): Promise<Blobs> {
  const azurite = loadAzurite(options.port ?? 0);
  const [faults, counters, closing] = [
    new BlobFaults(),
    new Map<BlobOperation, number>(),
    new AbortController(),
  ];
  const front = createFront({ faults, counters, handle: azurite.handle, closing: closing.signal });
  azurite.httpServer.on('request', front);
  await azurite.start();
  const secure = options.certificate && (await startSecure(options.certificate, front));
  const { port } = azurite.httpServer.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= shutDown(azurite, closing, secure));
  return {
    port,
    connectionString: connectionString(port),
    secureUrl: secure && `https://localhost:${portOf(secure)}/${account}`,
    faults,
    counters,
    expireLeases: (path = '') => expireLeases(azurite, path),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function startSecure(certificate: LocalCertificate, front: RequestListener): Promise<Server> {
  const server = createServer({ ...certificate }, front).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Azurite does not wait for its connections: it would hold the port for as long as a client keeps one alive. */
async function shutDown(
  azurite: Azurite,
  closing: AbortController,
  secure: Server | undefined,
): Promise<void> {
  const gone = [azurite.httpServer, ...(secure === undefined ? [] : [secure])].map((s) => once(s, 'close'));
  secure?.close();
  secure?.closeAllConnections();
  closing.abort();
  const closed = azurite.close();
  azurite.httpServer.closeAllConnections();
  await Promise.all([...gone, closed]);
}

function expireLeases(azurite: Azurite, path: string): number {
  const running = azurite.blobs().find().filter(isRunning(path));
  for (const blob of running) {
    blob.leaseExpireTime = new Date(0);
    azurite.blobs().update(blob);
  }
  return running.length;
}

const isRunning = (path: string) => (blob: StoredBlob) =>
  blob.properties.leaseState === 'leased' &&
  blob.leaseExpireTime !== undefined &&
  blob.leaseExpireTime.getTime() > Date.now() &&
  `${blob.containerName}/${blob.name}`.includes(path);

/** Account and key of every storage emulator (Microsoft: Use the Azurite emulator). Not a secret. */
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

function connectionString(port: number): string {
  const endpoint = `http://127.0.0.1:${port}/${account}`;
  return `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint};`;
}

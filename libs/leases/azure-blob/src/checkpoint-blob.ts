/**
 * Reads and writes the checkpoint in a partition's blob. A write names our lease id and the ETag of the last write we
 * know of, so that a deposed owner cannot write, and a write whose reply was lost is noticed.
 */
import type { BlobDownloadResponseParsed, BlockBlobClient } from '@azure/storage-blob';
import {
  assertNotBack,
  checkpointUnreadable,
  formatCheckpoint,
  leaseLost,
  maxCheckpointBytes,
  parseCheckpoint,
  partitionName,
  progressOf,
  type Checkpoint,
} from '@dstream/core';
import { fence, metadataOf, type Holding } from './holding.ts';
import { fromMetadata } from './owner-metadata.ts';
import { required, type Storage } from './storage.ts';
import { errorCodeOf } from './translate-error.ts';

/** The content and metadata of a partition's blob. */
export interface StoredCheckpoint {
  readonly checkpoint: Checkpoint | undefined;
  /** ISO 8601, by the clock of the replica that saved it. */
  readonly savedAt: string | undefined;
  readonly etag: string;
  readonly epoch: number;
}

/** Reads a blob. With a lease id the read fails if that lease is not the current one. */
export function readCheckpoint(
  storage: Storage,
  blob: BlockBlobClient,
  signal: AbortSignal,
  leaseId?: string,
): Promise<StoredCheckpoint> {
  return storage.call(signal, async (abortSignal) => {
    const conditions = leaseId === undefined ? {} : { leaseId };
    // All of it, because a range of an empty blob is refused; in one try, because the client would otherwise restart an
    // interrupted body by itself.
    const reply = await blob.download(0, undefined, { conditions, maxRetryRequests: 0, abortSignal });
    const document = parseCheckpoint(await readText(reply, blob.name), placeOf(blob.name));
    return {
      checkpoint: document?.checkpoint,
      savedAt: document?.savedAt,
      etag: required(reply.etag, 'ETag'),
      epoch: fromMetadata(reply.metadata).epoch,
    };
  });
}

const placeOf = (name: string) => `blob ${name}`;

async function readText(reply: BlobDownloadResponseParsed, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of required(reply.readableStreamBody, 'body') as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxCheckpointBytes)
      throw checkpointUnreadable(placeOf(name), `it is larger than ${maxCheckpointBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Throws LeaseLost past `goodUntilMs`, the service's lease codes untranslated, and Unexpected for an older checkpoint. */
export async function saveCheckpoint(
  storage: Storage,
  holding: Holding,
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<void> {
  assertHeld(storage, holding);
  if (holding.stored === undefined) await reread(storage, holding, signal);
  assertNotBack(holding.partition, holding.stored?.progress, checkpoint);
  try {
    await write(storage, holding, checkpoint, signal);
  } catch (error) {
    if (errorCodeOf(error) !== 'ConditionNotMet') throw error;
    await saveAfterUnknownWrite(storage, holding, checkpoint, signal);
  }
}

/** Another write came in between: ours, whose reply was lost, or that of the next owner (`reread` throws LeaseLost). */
async function saveAfterUnknownWrite(
  storage: Storage,
  holding: Holding,
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<void> {
  const stored = await reread(storage, holding, signal);
  if (isSame(stored, checkpoint)) return;
  assertNotBack(holding.partition, holding.stored?.progress, checkpoint);
  await write(storage, holding, checkpoint, signal);
}

/** Reads the blob under the lease and keeps its ETag: the next write starts from there. */
async function reread(
  storage: Storage,
  holding: Holding,
  signal: AbortSignal,
): Promise<Checkpoint | undefined> {
  const { blob, leaseId, partition, owner } = holding;
  const { checkpoint, etag, epoch } = await readCheckpoint(storage, blob, signal, leaseId);
  if (epoch !== owner.epoch) throw leaseLost({ partition, epoch: owner.epoch }, `epoch ${epoch} owns it`);
  holding.etag = etag;
  holding.stored = { progress: checkpoint && progressOf(checkpoint) };
  return checkpoint;
}

async function write(
  storage: Storage,
  holding: Holding,
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<void> {
  const text = formatCheckpoint(checkpoint, origin(storage, holding));
  const left = assertHeld(storage, holding);
  const blobHTTPHeaders = { blobContentType: 'application/json; charset=utf-8' };
  const options = { metadata: metadataOf(holding), conditions: fence(holding), blobHTTPHeaders };
  const reply = await storage.call(
    signal,
    (abortSignal) => holding.blob.upload(text, Buffer.byteLength(text), { ...options, abortSignal }),
    left,
  );
  holding.etag = required(reply.etag, 'ETag');
  holding.stored = { progress: progressOf(checkpoint) };
}

function origin(storage: Storage, { partition, owner }: Holding) {
  const savedAt = new Date(storage.options.clock.wallMs());
  return { table: partitionName(partition), owner: owner.owner, epoch: owner.epoch, savedAt };
}

/** How long the lease is still good, in milliseconds: a save neither starts nor continues past it. */
function assertHeld(storage: Storage, { partition, owner, goodUntilMs }: Holding): number {
  const left = goodUntilMs - storage.options.clock.monotonicMs();
  if (left <= 0)
    throw leaseLost({ partition, epoch: owner.epoch }, 'it was not renewed in time to save under it');
  return left;
}

function isSame(stored: Checkpoint | undefined, wanted: Checkpoint): boolean {
  return (
    stored?.generation === wanted.generation &&
    stored.at.position === wanted.at.position &&
    stored.at.token === wanted.at.token
  );
}

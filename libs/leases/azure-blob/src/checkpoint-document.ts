/** The content of a partition's blob: the checkpoint as JSON that an operator can read. */
import { DStreamError, type Checkpoint, type Position, type Progress } from '@dstream/core';

/** Counted up when what is written could be misread by an older program. */
const version = 1;

/** A checkpoint is below a kilobyte. What is larger is not one, and is not read into memory. */
export const maxDocumentBytes = 1_048_576;

export interface DocumentOrigin {
  readonly table: string;
  readonly owner: string;
  readonly epoch: number;
  readonly savedAt: Date;
}

export function formatCheckpoint(checkpoint: Checkpoint, origin: DocumentOrigin): string {
  const { at, generation, layout, lastChange } = checkpoint;
  const { table, owner, epoch, savedAt } = origin;
  const { position, token } = at;
  const document = { version, table, position, token, generation, layout, lastChange, epoch, owner, savedAt };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** A checkpoint and when it was saved: ISO 8601, or undefined where the document does not say. */
export interface CheckpointDocument {
  readonly checkpoint: Checkpoint;
  readonly savedAt: string | undefined;
}

/** Undefined for an empty blob, which is a lease without a checkpoint. Throws CheckpointUnreadable, naming the blob. */
export function parseDocument(text: string, blob: string): CheckpointDocument | undefined {
  if (text.trim() === '') return undefined;
  const document = parseJson(text, blob);
  const found = (document as { version?: unknown } | null)?.version;
  if (found !== version) throw unreadable(blob, `its version is ${JSON.stringify(found)}, not ${version}`);
  if (!isCheckpoint(document)) throw unreadable(blob, 'it lacks a position, token or generation');
  const { position, token, generation, layout, lastChange, savedAt } = document;
  const dealt = typeof layout === 'string' ? { layout } : {};
  const last = isProgress(lastChange) ? { lastChange } : {};
  return {
    checkpoint: { at: { position: position as Position, token }, generation, ...dealt, ...last },
    savedAt: typeof savedAt === 'string' ? savedAt : undefined,
  };
}

export function unreadable(blob: string, why: string, cause?: unknown): DStreamError {
  return new DStreamError(
    'CheckpointUnreadable',
    `the checkpoint in blob ${blob} cannot be read: ${why}. To begin the table anew, delete the blob; ` +
      'otherwise restore its content',
    { cause },
  );
}

function parseJson(text: string, blob: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(blob, 'it is not JSON', cause);
  }
}

interface StoredCheckpoint {
  readonly position: string;
  readonly token: string;
  readonly generation: number;
  readonly layout?: unknown;
  readonly lastChange?: unknown;
  readonly savedAt?: unknown;
}

function isProgress(value: unknown): value is Progress {
  if (typeof value !== 'object' || value === null) return false;
  const { position, generation } = value as Partial<Record<keyof Progress, unknown>>;
  return typeof position === 'string' && Number.isSafeInteger(generation);
}

function isCheckpoint(value: unknown): value is StoredCheckpoint {
  if (typeof value !== 'object' || value === null) return false;
  const { position, token, generation } = value as Partial<Record<keyof StoredCheckpoint, unknown>>;
  return typeof position === 'string' && typeof token === 'string' && Number.isSafeInteger(generation);
}

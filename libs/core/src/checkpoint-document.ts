/**
 * A checkpoint as JSON that an operator can read, for stores that keep it as a document of its own. Changes are only
 * additions: older and newer programs read each other's.
 */
import type { Checkpoint } from './checkpoint-store.ts';
import { DStreamError } from './errors.ts';
import type { Position, Progress } from './position.ts';

/** Counted up when what is written could be misread by an older program. */
const version = 1;

/** A checkpoint is below a kilobyte. What is larger is not one, and is not read into memory. */
export const maxCheckpointBytes = 1_048_576;

/** Who saves a checkpoint, for the operator who reads it. */
interface CheckpointOrigin {
  /** `partitionName` */
  readonly table: string;
  readonly owner: string;
  readonly epoch: number;
  readonly savedAt: Date;
}

/** The document to store. */
export function formatCheckpoint(checkpoint: Checkpoint, origin: CheckpointOrigin): string {
  const { at, generation, layout, lastChange } = checkpoint;
  const { table, owner, epoch, savedAt } = origin;
  const { position, token } = at;
  const document = { version, table, position, token, generation, layout, lastChange, epoch, owner, savedAt };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** A checkpoint and when it was saved: ISO 8601, or undefined where the document has no time. */
interface CheckpointDocument {
  readonly checkpoint: Checkpoint;
  readonly savedAt: string | undefined;
}

/**
 * Undefined for an empty text, which is no checkpoint. Throws CheckpointUnreadable, naming the place.
 * @param place `blob db1/shop/dbo.Cars.lock`
 */
export function parseCheckpoint(text: string, place: string): CheckpointDocument | undefined {
  if (text.trim() === '') return undefined;
  const document = parseJson(text, place);
  const found = (document as { version?: unknown } | null)?.version;
  if (found !== version)
    throw checkpointUnreadable(place, `its version is ${JSON.stringify(found)}, not ${version}`);
  if (!isCheckpoint(document)) throw checkpointUnreadable(place, 'it lacks a position, token or generation');
  const { position, token, generation, layout, lastChange, savedAt } = document;
  const dealt = typeof layout === 'string' ? { layout } : {};
  const last = isProgress(lastChange) ? { lastChange } : {};
  return {
    checkpoint: { at: { position: position as Position, token }, generation, ...dealt, ...last },
    savedAt: typeof savedAt === 'string' ? savedAt : undefined,
  };
}

/** The fault of a partition whose checkpoint cannot be read. @param why `it is not JSON` */
export function checkpointUnreadable(place: string, why: string, cause?: unknown): DStreamError {
  return new DStreamError(
    'CheckpointUnreadable',
    `the checkpoint in ${place} cannot be read: ${why}; restore its content, or delete the table's checkpoint ` +
      '(docs/operations.md, "Restart a table from the beginning")',
    { cause },
  );
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw checkpointUnreadable(place, 'it is not JSON', cause);
  }
}

interface StoredDocument {
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

function isCheckpoint(value: unknown): value is StoredDocument {
  if (typeof value !== 'object' || value === null) return false;
  const { position, token, generation } = value as Partial<Record<keyof StoredDocument, unknown>>;
  return typeof position === 'string' && typeof token === 'string' && Number.isSafeInteger(generation);
}

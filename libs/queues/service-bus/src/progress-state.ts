/** The progress of a session as it stands in the session's state: small JSON, `{"v":1,"generation":…,"position":"…"}`. */
import type { Position, Progress } from '@dstream/core';

const version = 1;

/** What the SDK stores: bytes as they are, anything else as JSON of it. */
export function encodeProgress({ generation, position }: Progress): Buffer {
  return Buffer.from(JSON.stringify({ v: version, generation, position }), 'utf8');
}

/** `none`: there is no state. `unreadable`: there is one that was not written by this, or by a newer version. */
export type StoredProgress = Progress | 'none' | 'unreadable';

/** Takes what the SDK gives: nothing, the parsed JSON, or the bytes where they are not JSON. */
export function decodeProgress(state: unknown): StoredProgress {
  if (state === undefined || state === null) return 'none';
  if (state instanceof Uint8Array) return state.length === 0 ? 'none' : 'unreadable';
  if (typeof state !== 'object') return 'unreadable';
  const { v, generation, position } = state as Record<string, unknown>;
  if (v !== version || !Number.isSafeInteger(generation) || typeof position !== 'string') return 'unreadable';
  return { generation: generation as number, position: position as Position };
}

import { previousLsn, type Lsn } from '../position/lsn.ts';
import type { CaptureInstance } from '../sql/capture-instance.ts';
import type { CaptureInstances } from './catalogue.ts';

export interface Chosen {
  readonly instance: CaptureInstance;
  /** The last LSN to be read from it, when a newer instance takes over after it. */
  readonly until: Lsn | undefined;
}

/**
 * Which capture instance holds the changes from `from` on: the newest that had started by then. An older one is
 * drained up to the start of the next, so that events change shape exactly there.
 */
export function chooseInstance(instances: CaptureInstances, from: Lsn): Chosen {
  const at = Math.max(
    0,
    instances.findLastIndex(({ startLsn }) => startLsn <= from),
  );
  const next = instances[at + 1];
  const until = next === undefined ? undefined : previousLsn(next.startLsn);
  return { instance: instances[at] ?? instances[0], until };
}

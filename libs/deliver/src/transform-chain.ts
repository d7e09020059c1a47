/**
 * Applies the configured transforms to the changes of one session, in the order of the file. A change on which one fails is
 * dead-lettered, dropped or passed, as its block says; the others go on. Nothing here is remembered: a step that is tried again
 * transforms again.
 */
import type { DStreamError } from '@dstream/core';
import type { DecodedChange } from './decode-message.ts';
import {
  TransformStage,
  type FailedItems,
  type ObservedTransform,
  type TransformItem,
  type TransformStageOptions,
} from './transform-stage.ts';

/** A change that a transform or a route failed on: its message is dead-lettered with it. */
export interface FailedToPrepare {
  /** As it arrived. */
  readonly change: DecodedChange;
  readonly error: DStreamError;
}

/** What became of changes that were transformed or routed, before they are published. */
export interface PreparedChanges {
  /** In order. A change that nothing touched is the same object, with its line as it arrived. */
  readonly changes: readonly DecodedChange[];
  readonly failures: readonly FailedToPrepare[];
}

/** Options of a `TransformChain`. */
export interface TransformChainOptions extends TransformStageOptions {
  /** In the order of the file. */
  readonly transforms: readonly ObservedTransform[];
}

/** The transforms for the changes of one session. */
export class TransformChain {
  readonly #stages: readonly TransformStage[];

  constructor({ transforms, ...options }: TransformChainOptions) {
    this.#stages = transforms.map((monitor) => new TransformStage(monitor, options));
  }

  /** Rejects with what is no failure of a change: LockLost, the last error after `giveUp`, or `signal.reason`. */
  async apply(changes: readonly DecodedChange[], signal: AbortSignal): Promise<PreparedChanges> {
    if (this.#stages.length === 0 || changes.length === 0) return { changes, failures: [] };
    const failed: FailedItems = new Map();
    let items: readonly TransformItem[] = changes.map((source) => ({
      source,
      event: source.event,
      to: source.to,
    }));
    for (const stage of this.#stages) items = await stage.apply(items, failed, signal);
    return {
      changes: items.filter(({ source }) => !failed.has(source)).map(changeOf),
      failures: [...failed].map(([change, error]) => ({ change, error })),
    };
  }
}

function changeOf({ source, event, to }: TransformItem): DecodedChange {
  const isUntouched = event === source.event;
  if (isUntouched && to === source.to) return source;
  const line = isUntouched ? source.line : Buffer.from(JSON.stringify(event));
  return { ...source, event, line, madeOf: source, ...(to && { to }) };
}

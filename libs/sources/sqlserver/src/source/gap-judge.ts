/** What becomes of a table whose changes are gone: it stops, or a gap is measured that is to be told of. */
import type { CallOptions, Log } from '@dstream/core';
import type { Gap } from '../rows/history.ts';
import { neededFrom, type Place } from '../position/position.ts';
import { creationOf } from './catalogue.ts';
import { notSure, withTimes, type GapError } from './gap.ts';
import type { InstanceFollower } from './instance-follower.ts';
import type { ProbeAnswer } from './prober.ts';
import type { ReaderContext } from './reader-context.ts';
import type { SourceHistory } from './source-history.ts';

export class GapJudge {
  readonly #context: ReaderContext;
  readonly #follower: InstanceFollower;
  readonly #history: SourceHistory;
  readonly #log: Log;
  readonly #o: CallOptions;
  /** From where to where the last gap was that was passed over. */
  #skipped: Pick<Gap, 'from' | 'to'> | undefined;

  constructor(
    context: ReaderContext,
    follower: InstanceFollower,
    history: SourceHistory,
    log: Log,
    o: CallOptions,
  ) {
    this.#context = context;
    this.#follower = follower;
    this.#history = history;
    this.#log = log;
    this.#o = o;
  }

  /**
   * The gap to be told of before reading goes on behind it. Undefined when nothing behind `place` is gone after all: cleanup
   * took what had left before. Throws what the table stops at, or why that cannot be found out.
   */
  async judge(error: GapError, place: Place, lastProbe: ProbeAnswer | undefined): Promise<Gap | undefined> {
    const { onGap } = this.#context;
    if (onGap === 'skip' && error.code === 'SourceWentBack' && !(await this.#isSurelyBack(lastProbe)))
      throw notSure(error);
    const gap = await this.#measure(error, place);
    if (error.code === 'HistoryLost' && gap.to <= gap.from) return undefined;
    if (onGap === 'stop') throw withTimes(error, gap);
    const { from, to } = gap;
    if (this.#skipped?.from === from && this.#skipped.to === to) throw error; // nothing is won by telling of the same gap again
    this.#skipped = { from, to };
    this.#log.warn('changes are gone: the table goes on behind the gap', { ...gap, error });
    return gap;
  }

  async #isSurelyBack(lastProbe: ProbeAnswer | undefined): Promise<boolean> {
    return lastProbe !== undefined && (await this.#history.isSurelyOther(lastProbe, this.#o));
  }

  /** From where to where changes are gone, as the catalogue says now. After a restore all that is kept comes again. */
  async #measure({ code }: Pick<GapError, 'code'>, place: Place): Promise<Gap> {
    this.#follower.forget();
    const kept = code === 'SourceWentBack' ? undefined : place;
    const { captureInstance, startLsn: to } = await this.#follower.follow(kept, this.#o);
    return {
      reason: code,
      captureInstance,
      from: neededFrom(place),
      to,
      fromAt: this.#history.readUpToAt,
      toAt: await this.#committedFrom(to, captureInstance),
      noticedAt: iso(this.#context.clock.wallMs()),
    };
  }

  /** When the first transaction from `to` on was committed. For the operator only: what cannot be asked is left out. */
  async #committedFrom(to: Gap['to'], captureInstance: string): Promise<string | undefined> {
    try {
      const creation = await creationOf(this.#context.client, captureInstance, to, this.#o);
      return creation?.nextAtMs === undefined ? undefined : iso(creation.nextAtMs);
    } catch (cause) {
      this.#o.signal.throwIfAborted();
      this.#log.debug('the times around the gap could not be asked', { error: cause });
      return undefined;
    }
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

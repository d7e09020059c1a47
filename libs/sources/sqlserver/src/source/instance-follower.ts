/** Knows which capture instance of a table is to be read now, and follows when the catalogue changes. */
import {
  DStreamError,
  tableName,
  type CallOptions,
  type Log,
  type PollSchedule,
  type TableId,
} from '@dstream/core';
import { badRange, invalidColumn, invalidObject } from '../client/sql-errors.ts';
import { sqlNumbers } from '../client/translate-error.ts';
import type { Lsn } from '../position/lsn.ts';
import { neededFrom, type Place } from '../position/position.ts';
import { captureInstancesOf, creationOf, isChangeTableGone, type CaptureInstances } from './catalogue.ts';
import type { CaptureInstance } from '../sql/capture-instance.ts';
import { chooseInstance } from './choose-instance.ts';
import { lacksCommandId, notDirect } from './command-id.ts';
import { ForgivingWindows } from './forgiving-windows.ts';
import { createdAnew, gapBelow, missingBefore } from './gap.ts';
import { missingRights } from './missing-rights.ts';
import type { ReaderContext } from './reader-context.ts';

export interface Followed {
  readonly windows: ForgivingWindows;
  readonly captureInstance: string;
  readonly startLsn: Lsn;
  /** See `Chosen`. */
  readonly until: Lsn | undefined;
}

export class InstanceFollower {
  readonly #context: ReaderContext;
  readonly #table: TableId;
  readonly #log: Log;
  readonly #schedule: PollSchedule;
  #instances: CaptureInstances | undefined;
  #incarnation: string | undefined;
  #windows: ForgivingWindows | undefined;
  /** The one that was last found to be what the windows read. */
  #compared: CaptureInstance | undefined;
  #unregister = () => {};

  constructor(context: ReaderContext, table: TableId, log: Log, schedule: PollSchedule) {
    this.#context = context;
    this.#table = table;
    this.#log = log;
    this.#schedule = schedule;
  }

  /**
   * All instances that have begun, the oldest first; waits while none has, which is nobody's fault. Throws
   * CdcNotEnabled, TableNotFound, TableNotCaptured.
   */
  async instances(o: CallOptions): Promise<CaptureInstances> {
    this.#instances ??= await captureInstancesOf(this.#context.client, this.#table, o);
    while (this.#instances === undefined) {
      this.#log.debug('no capture instance of the table has its first LSN yet: waiting');
      this.#dropWindows(); // the probe of all tables must not name a change table that is gone
      await this.#context.clock.sleep(this.#schedule.afterNothing(), o.signal);
      this.#instances = await captureInstancesOf(this.#context.client, this.#table, o);
    }
    return this.#instances;
  }

  /** The one that holds what follows `place`; without a place the oldest. At once while the catalogue need not be asked. */
  follow(place: Place | undefined, o: CallOptions): Followed | Promise<Followed> {
    if (this.#instances !== undefined) return this.#choose(this.#instances, place);
    return this.instances(o).then((instances) => this.#choose(instances, place));
  }

  #choose(instances: CaptureInstances, place: Place | undefined): Followed {
    const single = instances.length === 1; // as a rule: it has all there is, wherever the place is
    const from = place === undefined || single ? instances[0].startLsn : neededFrom(place);
    const { instance, until } = chooseInstance(instances, from);
    const { name: captureInstance, startLsn } = instance;
    return { windows: this.#windowsOf(instance), captureInstance, startLsn, until };
  }

  #windowsOf(instance: CaptureInstance): ForgivingWindows {
    if (this.#windows !== undefined && this.#isReadBy(this.#windows, instance)) return this.#windows;
    this.#dropWindows();
    const [table, incarnation] = [this.#table, this.#incarnation];
    const windows = new ForgivingWindows({ ...this.#context, table, instance, incarnation }, this.#log);
    this.#windows = windows;
    this.#compared = instance;
    this.#unregister = this.#context.prober.register(instance.name);
    return windows;
  }

  /** Whether the windows read it. Compared only when the catalogue was asked anew: this is asked several times a pass. */
  #isReadBy(windows: ForgivingWindows, instance: CaptureInstance): boolean {
    if (this.#compared === instance) return true;
    const alike = readsAlike(windows.instance, instance);
    if (alike) this.#compared = instance;
    return alike;
  }

  /** Ids of changes that are read from now on are of this incarnation of the source. */
  inIncarnation(incarnation: string | undefined): void {
    if (incarnation !== this.#incarnation) this.#dropWindows();
    this.#incarnation = incarnation;
  }

  /** The catalogue has changed: it will be asked again. */
  forget(): void {
    this.#instances = undefined;
  }

  /** To be called when the table is not read any more. */
  leave(): void {
    this.#dropWindows();
  }

  /**
   * The error that stands behind one of the driver's. A range that is out of bounds (313) and a missing object or
   * column may mean that history was cleaned up, or that CDC or the instance is gone: the catalogue knows.
   */
  async explain(error: unknown, place: Place | undefined, o: CallOptions): Promise<unknown> {
    if (!(error instanceof DStreamError)) return error;
    if (error.code === 'HistoryLost' && place !== undefined) return this.#whyLost(error, place, o);
    const name = tableName(this.#table);
    if (error.code === 'PermissionDenied') return this.#whyDenied(error, o);
    if (!sqlNumbers(error).some((n) => n === badRange || n === invalidObject || n === invalidColumn))
      return error;
    this.forget();
    const { captureInstance, startLsn } = await this.follow(place, o);
    const gap =
      place === undefined ? undefined : gapBelow(this.#table, place, { captureInstance, low: startLsn });
    if (gap !== undefined && place !== undefined) return this.#whyLost(gap, place, o);
    const { client } = this.#context;
    if (sqlNumbers(error).includes(invalidObject) && (await isChangeTableGone(client, captureInstance, o)))
      return broken(name, captureInstance, error);
    if (place?.mode === 'direct' && sqlNumbers(error).includes(invalidColumn))
      if (await lacksCommandId(client, captureInstance, o)) return notDirect(name, captureInstance, error);
    const changed = `the capture of ${name} changed while it was read: it is read again`;
    return new DStreamError('CaptureChanged', changed, { cause: error });
  }

  /** Tells an instance that was created anew from one that was cleaned up. What cannot be asked leaves it as it is. */
  async #whyLost(error: DStreamError, place: Place, o: CallOptions): Promise<DStreamError> {
    try {
      this.forget();
      const { captureInstance, startLsn } = await this.follow(place, o);
      const creation = await creationOf(this.#context.client, captureInstance, neededFrom(place), o);
      if (creation === undefined || !createdAnew(creation)) return error;
      const at = new Date(creation.createdAtMs).toISOString();
      return missingBefore(this.#table, place, { captureInstance, low: startLsn }, at);
    } catch (cause) {
      o.signal.throwIfAborted();
      this.#log.debug('why history is lost could not be asked', { error: cause });
      return error;
    }
  }

  /** Says which right is missing. What cannot be asked leaves the error as it is. */
  async #whyDenied(error: DStreamError, o: CallOptions): Promise<DStreamError> {
    const captureInstance = this.#windows?.instance.name ?? this.#instances?.[0].name;
    try {
      return await missingRights(this.#context.client, this.#table, captureInstance, error, o);
    } catch (cause) {
      o.signal.throwIfAborted();
      this.#log.debug('which right is missing could not be asked', { error: cause });
      return error;
    }
  }

  #dropWindows(): void {
    this.#unregister();
    this.#unregister = () => {};
    this.#windows = undefined;
  }
}

/** The low end moves with every cleanup and is not what reading depends on. */
function readsAlike(a: CaptureInstance, b: CaptureInstance): boolean {
  const shape = ({ name, columns, key, columnUpdates }: CaptureInstance) =>
    JSON.stringify([name, columns, key, columnUpdates]);
  return shape(a) === shape(b);
}

function broken(name: string, captureInstance: string, cause: DStreamError): DStreamError {
  return new DStreamError(
    'TableNotCaptured',
    `the capture instance ${captureInstance} of ${name} is registered, but its change table is gone: run ` +
      'sys.sp_cdc_disable_table and sys.sp_cdc_enable_table for it',
    { cause },
  );
}

/** The T-SQL engine with the login and the empty database that the environment names, on the real clock. */
import { BadRequest } from '@dstream/stand-in-faults';
import type { CaptureControls } from '@dstream/stand-in-faults';
import type { SqlEngine } from '@dstream/stand-in-sql-server';
import {
  createSqlEngine,
  type EngineControl,
  type RestorePoint,
  type Timers,
} from '@dstream/stand-in-sql-server';
import { userOfToken } from '@dstream/stand-in-sql-server';
import { sqlLogin } from './stand-ins-env.ts';

/** An engine with its database jobs and states, as far as faults reach them. */
export interface ControlledEngine extends SqlEngine {
  readonly capture: CaptureControls;
  setOffline(offline: boolean, database?: string): void;
  remember(database?: string): number;
  restore(point: number): void;
  /** Every database that was taken offline is online again, capture runs without delay. */
  clear(): void;
}

/** A waiting capture does not keep the process alive. */
const timers: Timers = {
  after: (ms, call) => {
    const timer = setTimeout(call, ms).unref();
    return () => clearTimeout(timer);
  },
};

export function createControlledEngine(): ControlledEngine {
  const { user, password, database } = sqlLogin;
  const clock = { wallMs: () => Date.now() };
  const engine = createSqlEngine({
    clock,
    timers,
    login: { user, password },
    userOfToken: (token) => userOfToken(token, clock.wallMs()),
    databases: [database],
  });
  const offline = new Set<string>();
  const locks = new TableLocks(engine);
  const capture = captureOf(engine, locks, database);
  const setOffline = (isOffline: boolean, name: string = database): void => {
    engine.setOffline(name, isOffline);
    if (isOffline) offline.add(name);
    else offline.delete(name);
  };
  const points: { readonly database: string; readonly point: RestorePoint }[] = [];
  return {
    remember: (name = database) => points.push({ database: name, point: engine.rememberDatabase(name) }),
    restore: (number) => {
      const found = points[number - 1];
      if (found === undefined) throw new BadRequest(`there is no restore point ${String(number)}`);
      engine.rewindDatabase(found.database, found.point);
    },
    login: (request) => engine.login(request),
    close: () => engine.close(),
    capture,
    setOffline,
    clear: () => {
      for (const name of offline) setOffline(false, name);
      capture.setDelay(0);
      capture.setIdleScans(0);
      capture.shuffleSeqvals(false);
      locks.clear();
      capture.resume();
    },
  };
}

/** Change tables that are locked from outside, each until its time is over. */
class TableLocks {
  readonly #engine: EngineControl;
  readonly #held = new Map<string, () => void>();

  constructor(engine: EngineControl) {
    this.#engine = engine;
  }

  hold(database: string, captureInstance: string, ms: number): void {
    const key = JSON.stringify([database.toLowerCase(), captureInstance.toLowerCase()]);
    this.#held.get(key)?.();
    if (ms <= 0) return;
    const release = this.#engine.lockChangeTable(database, captureInstance);
    const cancel = timers.after(ms, () => this.#held.get(key)?.());
    this.#held.set(key, () => {
      cancel();
      release();
      this.#held.delete(key);
    });
  }

  clear(): void {
    for (const release of this.#held.values()) release();
  }
}

function captureOf(engine: EngineControl, locks: TableLocks, usual: string): CaptureControls {
  return {
    setDelay: (ms) => engine.setCaptureDelay(ms),
    lockTable: (captureInstance, ms, database = usual) => locks.hold(database, captureInstance, ms),
    shuffleSeqvals: (shuffle) => engine.shuffleSeqvals(shuffle),
    setIdleScans: (everyMs) => engine.setIdleScans(everyMs),
    pause: () => engine.pauseCapture(),
    resume: () => engine.resumeCapture(),
    cleanUp: (database = usual, captureInstance) => {
      // The mark is the max LSN, which an idle scan moves past the newest change.
      engine.scan(database);
      engine.runCleanup(database, captureInstance);
    },
  };
}

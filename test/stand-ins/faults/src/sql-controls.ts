/** What can be done to the SQL Server stand-in from outside. */
import type { SqlFaults } from './sql-faults.ts';

/** The capture job and its cleanup. */
export interface CaptureControls {
  /** A committed change is in the change tables so many milliseconds later. */
  setDelay(ms: number): void;
  /** Nothing is captured until `resume`. Committed changes wait. */
  pause(): void;
  resume(): void;
  /**
   * Moves the low-water mark past everything that was captured: of one capture instance, or of all. Without a
   * database it is that of the connection string.
   */
  cleanUp(database?: string, captureInstance?: string): void;
  /**
   * Somebody holds a lock on a change table for so many milliseconds: who reads it waits, or gets 1222 after his
   * SET LOCK_TIMEOUT. 0 ends it.
   */
  lockTable(captureInstance: string, ms: number, database?: string): void;
  /** Seqvals do not grow with the commands of a transaction, as seen on real servers (DBZ-2329). */
  shuffleSeqvals(shuffle: boolean): void;
  /** An idle scan moves the max LSN each so many milliseconds; 0 ends it. */
  setIdleScans(everyMs: number): void;
}

export interface SqlControls {
  readonly faults: SqlFaults;
  readonly capture: CaptureControls;
  /** Cuts every connection in the middle of whatever it does. Answers how many there were. */
  dropConnections(): number;
  /** Stops listening and cuts every connection; comes back on the same port. Resolves when it is down. */
  restart(downMs: number): Promise<void>;
  /**
   * Taking a database offline cuts every connection; logins to it are refused. Without a name it is that of the
   * connection string.
   */
  setOffline(offline: boolean, database?: string): void;
  /** Remembers a database as it is; answers the number of the point, from 1. */
  remember(database?: string): number;
  /**
   * Takes the database back to the point, as RESTORE does: every connection is cut, LSNs are given again, on a new
   * recovery fork. A point can be restored as often as is wanted; one that is not there is an error.
   */
  restore(point: number): void;
  /** Ends every fault: the databases are online, capture runs without delay. */
  clear(): void;
}

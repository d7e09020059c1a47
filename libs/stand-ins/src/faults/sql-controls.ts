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
  /** Ends every fault: the databases are online, capture runs without delay. */
  clear(): void;
}

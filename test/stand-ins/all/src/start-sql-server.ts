/** The SQL Server stand-in: engine, TDS in front of it, and what can be done to both. */
import type { ControlledEngine } from './controlled-engine.ts';
import { RestartableServer } from '@dstream/stand-in-faults';
import type { SqlControls } from '@dstream/stand-in-faults';
import { SqlFaults } from '@dstream/stand-in-faults';
import { startTdsServer } from '@dstream/stand-in-sql-server';

export interface SqlServerOptions {
  /** 0 for a free one. */
  readonly port: number;
  /** Belongs to the server from now on: closing the server closes it. */
  readonly engine: ControlledEngine;
  readonly onError: (error: unknown) => void;
}

export interface SqlServerStandIn extends SqlControls {
  readonly port: number;
  /** Open connections. */
  connections(): number;
  close(): Promise<void>;
}

/** Rejects with EADDRINUSE on a busy port. */
export async function startSqlServer({ port, engine, onError }: SqlServerOptions): Promise<SqlServerStandIn> {
  const faults = new SqlFaults({ now: () => performance.now(), onFailure: onError });
  const { observer: observe, gate } = faults;
  const start = (at: number) => startTdsServer({ engine, port: at, observe, gate });
  const host = await RestartableServer.start({ port, start, onError });
  return {
    port: host.port,
    faults,
    capture: engine.capture,
    setOffline: (offline, database) => {
      engine.setOffline(offline, database);
      if (offline) host.server?.dropConnections();
    },
    remember: (database) => engine.remember(database),
    restore: (point) => {
      engine.restore(point);
      host.server?.dropConnections();
    },
    connections: () => host.server?.connections() ?? 0,
    dropConnections: () => {
      const count = host.server?.connections() ?? 0;
      host.server?.dropConnections();
      return count;
    },
    restart: (downMs) => host.restart(downMs),
    clear: () => {
      faults.clear();
      engine.clear();
    },
    close: async () => {
      faults.clear();
      await host.close();
      engine.close();
    },
  };
}

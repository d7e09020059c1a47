/** The SQL Server stand-in: engine, TDS in front of it, and what can be done to both. */
import type { ControlledEngine } from './controlled-engine.ts';
import { RestartableServer } from './faults/restartable-server.ts';
import type { SqlControls } from './faults/sql-controls.ts';
import { SqlFaults } from './faults/sql-faults.ts';
import { startTdsServer } from './sql-server/tds/tds-server.ts';

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

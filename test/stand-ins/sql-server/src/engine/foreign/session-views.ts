/** sys.dm_exec_sessions and sys.dm_cdc_log_scan_sessions, as far as clients look at them. */
import { datetimeOf } from '../values/basic/moments.ts';
import { lsnText, type Lsn } from '../storage/log-sequence.ts';
import { types, view, type MakeView } from '../catalogue/view.ts';

export const sessions: MakeView = view(
  {
    session_id: types.smallint,
    login_time: types.datetime,
    host_name: types.sysname,
    program_name: types.sysname,
    login_name: types.sysname,
    status: types.sysname,
    database_id: types.smallint,
    is_user_process: types.bit,
    open_transaction_count: types.int,
  },
  function* ({ state }) {
    for (const session of state.sessions.values()) {
      yield {
        session_id: session.id,
        login_time: datetimeOf(session.loginMs),
        host_name: session.hostName,
        program_name: session.appName,
        login_name: session.user,
        status: 'sleeping',
        database_id: session.database.id,
        is_user_process: true,
        open_transaction_count: session.transactionCount,
      };
    }
  },
);

const asText = (lsn: Lsn | undefined): string | null => (lsn === undefined ? null : lsnText(lsn));

/** One line for the running capture job; none when it is stopped or CDC is off. */
export const logScanSessions: MakeView = view(
  {
    session_id: types.int,
    start_time: types.datetime,
    end_time: types.datetime,
    duration: types.int,
    scan_phase: types.sysname,
    error_count: types.int,
    start_lsn: types.lsnText,
    current_lsn: types.lsnText,
    end_lsn: types.lsnText,
    tran_count: types.bigint,
    command_count: types.bigint,
    latency: types.int,
    empty_scan_count: types.int,
  },
  function* ({ state, database }) {
    const { cdc } = database;
    if (cdc === undefined || !state.captureRuns) return;
    const oldest = cdc.nextPendingMs;
    yield {
      session_id: 1,
      start_time: datetimeOf(database.createdMs),
      end_time: null,
      duration: 0,
      scan_phase: 'Done',
      error_count: 0,
      start_lsn: asText(cdc.mapping[0]?.lsn),
      current_lsn: asText(cdc.maxLsn),
      end_lsn: asText(cdc.maxLsn),
      tran_count: BigInt(cdc.mapping.length),
      command_count: BigInt(
        [...cdc.instances.values()].reduce((sum, instance) => sum + instance.changes.size, 0),
      ),
      latency: oldest === undefined ? 0 : Math.round((state.nowMs() - oldest) / 1000),
      empty_scan_count: 0,
    };
  },
);

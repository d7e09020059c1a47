/** The stand-ins in a process of their own. Started by `StandInsProcess`, which asks it over the channel. */
import { startStandIns, type StandIns, type StandInsEnv } from '@dstream/stand-ins';
import type { Entities } from '@dstream/stand-ins';

/** How far things are, as the servers see it. */
export interface Progress {
  /** All that SQL Server was asked. */
  readonly statements: number;
  /** Statements that asked a change table or its function for something. */
  readonly changeReads: number;
  /** Messages that the broker took. */
  readonly accepted: number;
  /** Messages that the broker handed out. */
  readonly delivered: number;
  readonly completed: number;
  /** Sessions that the broker handed out. */
  readonly sessionsAccepted: number;
  /** All that the blob storage was asked. */
  readonly blobRequests: number;
}

export interface StandInsChoice {
  /** As the emulator's Config.json declares them; without it they come into being by use. */
  readonly entities?: Entities;
  /** Every request to the blob storage takes this much longer, as one over a network does. */
  readonly blobDelayMs?: number;
}

export interface Ready {
  readonly env: StandInsEnv;
}

function progressOf(standIns: StandIns): Progress {
  const { sql, serviceBus, blobs } = standIns.counters();
  const reads = Object.entries(sql.statementsByText).filter(([text]) =>
    /_CT\]|fn_cdc_get_all_changes/.test(text),
  );
  return {
    statements: sql.statements,
    changeReads: reads.reduce((sum, [, count]) => sum + count, 0),
    accepted: serviceBus.messagesIn,
    delivered: serviceBus.deliveriesOut,
    completed: serviceBus.completed,
    sessionsAccepted: serviceBus.sessionsAccepted,
    blobRequests: blobs.requests,
  };
}

const { entities, blobDelayMs } = JSON.parse(process.argv[2] ?? '{}') as StandInsChoice;
const standIns = await startStandIns({ ...(entities !== undefined && { entities }) });
if (blobDelayMs !== undefined) standIns.blobs.inject({ kind: 'delay', ms: blobDelayMs });
process.on('message', () => process.send?.(progressOf(standIns)));
process.on('disconnect', () => void standIns.close().then(() => process.exit(0)));
process.send?.({ env: standIns.env } satisfies Ready);

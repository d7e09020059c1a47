/** What INSERT, UPDATE and DELETE are compiled to, and what that needs to run. */
import type { OutputColumn } from '../query/compiled.ts';
import type { Run } from '../query/run.ts';
import type { Database } from '../storage/database.ts';
import type { Values } from '../storage/row.ts';
import type { Table } from '../storage/table.ts';
import type { Transaction } from '../storage/transaction.ts';

/** What a statement that writes needs from its session. */
export interface WriteContext {
  readonly run: Run;
  readonly transaction: Transaction;
  readonly identityInsert: Table | undefined;
}

export interface WriteResult {
  readonly count: number;
  /** Rows of OUTPUT. */
  readonly rows: readonly Values[];
}

export interface WritePlan {
  readonly database: Database | undefined;
  /** Set when OUTPUT returns rows. */
  readonly columns: readonly OutputColumn[] | undefined;
  execute(context: WriteContext): WriteResult;
}

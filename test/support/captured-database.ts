/** A database with captured tables, as the contract of a change source needs it: in memory, stand-in or real. */
import { tableOfPartition, type ChangeSource, type PartitionId } from '@dstream/core';

export interface Person {
  readonly Id: number;
  readonly Name: string;
}

export type PersonChange =
  | { readonly table: string; readonly insert: Person }
  | { readonly table: string; readonly update: Person; readonly before: Person }
  | { readonly table: string; readonly delete: Person };

export interface CapturedDatabase extends AsyncDisposable {
  /** Creates the table `dbo.<name>` (Id int, the key, and Name nvarchar) and captures it. */
  capture(name: string): Promise<void>;
  /** Commits one transaction; resolves when capture has come past it. */
  commit(changes: readonly PersonChange[]): Promise<void>;
  /** Cleans up everything that was captured of the table so far. */
  cleanUp(name: string): Promise<void>;
  /** A source over the tables that are named, polling every few milliseconds, with small pages. */
  source(tables: readonly string[], start?: 'earliest' | 'latest'): ChangeSource;
}

/** The one partition of `source` that is a table with that name. */
export async function tableOf(source: ChangeSource, name: string): Promise<PartitionId> {
  const partitions = await source.partitions({ signal: new AbortController().signal });
  const found = partitions.find((partition) => tableOfPartition(partition)?.table === name);
  if (found === undefined) throw new Error(`no table ${name} among ${partitions.join(', ')}`);
  return found;
}

/** What the contract of a change source needs: something with captured tables, in memory, stand-in or real. */
import { tableOfPartition, type ChangeSource, type PartitionId } from '@dstream/core';

export interface Person {
  readonly Id: number;
  readonly Name: string;
}

export type PersonChange =
  | { readonly table: string; readonly insert: Person }
  | { readonly table: string; readonly update: Person; readonly before: Person }
  | { readonly table: string; readonly delete: Person };

/** What not every kind of source can do. Tests of what it cannot are skipped. */
export interface SourceAbilities {
  /** A partition is a `table`, or holds `several` of them. */
  readonly partition: 'table' | 'several';
  /** `commit` makes one transaction of its changes; without it each change is one. */
  readonly transactions: boolean;
  /** What `cleanUp` takes with it: what was captured of the `table`, or of `everything`; `nothing` is ever lost. */
  readonly forgets: 'table' | 'everything' | 'nothing';
}

export interface CapturedDatabase extends AsyncDisposable {
  readonly can: SourceAbilities;
  /** Creates a table with the columns Id (a whole number, the key) and Name (text), and captures it. */
  capture(name: string): Promise<void>;
  /** Commits changes; resolves when a source can read them. */
  commit(changes: readonly PersonChange[]): Promise<void>;
  /** Cleans up everything that was captured of the table so far: see `SourceAbilities.forgets`. */
  cleanUp(name: string): Promise<void>;
  /** A source over the tables that are named, polling every few milliseconds, with two changes a batch. */
  source(tables: readonly string[], start?: 'earliest' | 'latest'): ChangeSource;
  /** The partition of `source` that has the changes of a table. `tableOf` where it is the table. */
  partition(source: ChangeSource, table: string): Promise<PartitionId>;
}

/** The one partition of `source` that is a table with that name. */
export async function tableOf(source: ChangeSource, name: string): Promise<PartitionId> {
  const partitions = await source.partitions({ signal: new AbortController().signal });
  const found = partitions.find((partition) => tableOfPartition(partition)?.table === name);
  if (found === undefined) throw new Error(`no table ${name} among ${partitions.join(', ')}`);
  return found;
}

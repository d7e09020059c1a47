/**
 * What a configuration says of its source, for people: `dstream plan` and `dstream status`. Made without connecting, in
 * the spelling of the file, or by asking the source's catalogue.
 */
export interface SourceOutline {
  /** The source's name in the identity of its tables. */
  readonly name: string;
  readonly database: string;
  /** As `ChangeSource.scope` before the source was asked: leases and checkpoints are found by it. */
  readonly scope: string;
  /** Where the source is: a host, an address, a directory. Holds no secret. */
  readonly server: string;
  /** How it is read, where there are several ways: of SQL Server `functions` or `direct`. */
  readonly mode?: string;
  readonly tables: readonly OutlinedTable[];
}

export interface OutlinedTable {
  readonly schema: string;
  /** Undefined: all tables of the schema that the source has. Which they are only the source knows. */
  readonly table: string | undefined;
  /** Of SQL Server, the oldest first. Undefined when the source was not asked, or has a fault to tell instead. */
  readonly captureInstances?: readonly string[];
  /** Why the table would not be read. */
  readonly fault?: { readonly code: string; readonly message: string };
}

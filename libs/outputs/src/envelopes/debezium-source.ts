/** Where and when a change was, as Debezium writes it: `source`, and times in its three units. */
import type { ChangeMetadata } from '@dstream/core';
import { perTable, perText } from './memoize-last.ts';

/** The version of Debezium whose form this is; consumers may look at `source.version`. */
export const debeziumVersion = '3.6.1.Final';

/** Fields of JSON. Nanoseconds are beyond what a double holds exactly. @param ms since 1970 UTC */
export function debeziumTimes(ms: number): { readonly ms: string; readonly finer: string } {
  const micros = BigInt(ms) * 1_000n;
  return { ms: `"ts_ms":${ms}`, finer: `"ts_us":${micros},"ts_ns":${micros * 1_000n}` };
}

/**
 * The field `source` as JSON, for one sequence of changes. `event_serial_no` is that of a change alone at its LSNs, of an update
 * its second half: Debezium counts on when a changed key is a delete and an insert. How often a change was replayed is ours.
 */
export function debeziumSource(): (metadata: ChangeMetadata) => string {
  const ofTable = perTable(({ source, server, database, schema, table }) => ({
    start: `"version":"${debeziumVersion}","connector":${JSON.stringify(source)},"name":${JSON.stringify(server)}`,
    db: `"db":${JSON.stringify(database)},"sequence":null`,
    table: `"schema":${JSON.stringify(schema)},"table":${JSON.stringify(table)}`,
  }));
  const committed = perText((committedAt) => debeziumTimes(Date.parse(committedAt)));
  const commitLsn = perText(lsnText);
  return (metadata) => {
    const { operation, origin, committedAt, replay } = metadata;
    const { start, db, table } = ofTable(metadata);
    const { ms, finer } = committed(committedAt);
    const serial = operation === 'update' ? 2 : 1;
    const lsns = `"change_lsn":${lsnText(String(origin['seqval']))},"commit_lsn":${commitLsn(String(origin['lsn']))}`;
    const replayed = replay === undefined ? '' : `,"replay":${replay}`;
    return (
      `{${start},${ms},"snapshot":"${operation === 'read'}",${db},${finer},${table},` +
      `${lsns},"event_serial_no":${serial}${replayed}}`
    );
  };
}

/** `0x0000002A000001F80003` as `"0000002a:000001f8:0003"`; null where a source has no LSNs. */
function lsnText(lsn: string): string {
  if (!/^0x[\da-f]{20}$/i.test(lsn)) return 'null';
  return `"${lsn.slice(2, 10)}:${lsn.slice(10, 18)}:${lsn.slice(18)}"`.toLowerCase();
}

/** Rows that are read once and kept. */
import type { Values } from '../storage/row.ts';
import type { Frame } from './run.ts';

export type RowsOf = (frame: Frame) => Iterable<Values>;

/** Reads once for each execution of the block. */
export function keptRows(scan: RowsOf): RowsOf {
  const tables = new WeakMap<Frame, readonly Values[]>();
  return (frame) => {
    let rows = tables.get(frame);
    if (rows === undefined) {
      rows = [...scan(frame)];
      tables.set(frame, rows);
    }
    return rows;
  };
}

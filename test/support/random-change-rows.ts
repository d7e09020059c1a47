/**
 * Random transactions as a change table would hold them, and the table that they leave behind.
 *
 * A transaction is a list of commands. Every row change has a seqval of its own, an update of a key or of a unique
 * column two rows with one. Seqvals need not rise with the commands (Debezium issue DBZ-2329): commands that touch different
 * rows may have theirs the other way round; those of one row keep their order in both read modes.
 */
import fc from 'fast-check';
import { lsn, type FakeRow } from './fake-cdc-client.ts';

const kinds = ['insert', 'update', 'delete', 'move', 'swap', 'shift', 'replace', 'brief', 'many'] as const;

/** `later`: how many commands of other rows it may get its seqvals after. */
export type Command = { kind: (typeof kinds)[number]; id: number; later: number };

const command = fc.record<Command>({
  kind: fc.constantFrom(...kinds),
  id: fc.integer({ min: 1, max: 6 }),
  later: fc.nat({ max: 2 }),
});

/** Three to eight commands a transaction: one change table, up to four transactions. */
export const transactions = fc.array(fc.array(command, { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 4,
});

type Table = Map<number, string>;
/** Rows that carry one seqval. */
type Group = readonly { operation: number; id: number; name: string }[];
interface Written {
  readonly commandId: number;
  readonly later: number;
  readonly groups: readonly Group[];
}

export interface ChangeRows {
  readonly rows: readonly FakeRow[];
  /** Names by id after the last transaction. */
  readonly table: Table;
  readonly lastLsn: number;
}

export function changeRowsOf(all: readonly (readonly Command[])[]): ChangeRows {
  const table: Table = new Map();
  const rows = all.flatMap((commands, t) => {
    const written = commands.map(({ later, ...what }, i): Written => ({
      commandId: i + 1,
      later,
      groups: run(table, what, `t${t}c${i}`),
    }));
    return rowsOf(t + 2, written);
  });
  return { rows, table, lastLsn: all.length + 1 };
}

function rowsOf(at: number, commands: readonly Written[]): FakeRow[] {
  let seqval = 0;
  return inOrderOfSeqval(commands).flatMap(({ commandId, groups }) =>
    groups.flatMap((group) => {
      seqval += 1;
      return group.map(({ operation, id, name }): FakeRow => ({
        lsn: lsn(at),
        commandId,
        seqval: lsn(seqval),
        operation,
        values: [id, name],
        mask: Buffer.from([operation < 3 ? 3 : 2]),
      }));
    }),
  );
}

function inOrderOfSeqval(commands: readonly Written[]): readonly Written[] {
  const order = [...commands];
  for (const moved of commands)
    for (let steps = moved.later, at = order.indexOf(moved); steps > 0; steps -= 1, at += 1) {
      const next = order[at + 1];
      if (next === undefined || touchSameRow(moved, next)) break;
      [order[at], order[at + 1]] = [next, moved];
    }
  return order;
}

function touchSameRow(a: Written, b: Written): boolean {
  const ids = new Set(a.groups.flat().map(({ id }) => id));
  return b.groups.flat().some(({ id }) => ids.has(id));
}

/** A command that does not apply to the table as it is does nothing. */
function run(table: Table, { kind, id }: Pick<Command, 'kind' | 'id'>, name: string): readonly Group[] {
  const other = (id % 6) + 1;
  switch (kind) {
    case 'insert':
      return table.has(id) ? [] : [[inserted(table, id, name)]];
    case 'many': // ties: rows that no column of the change table tells apart
      return [[1, 2, 3, 4, 5, 6].filter((n) => !table.has(n)).map((n) => inserted(table, n, name))];
    case 'delete':
      return table.has(id) ? [[deleted(table, id)]] : [];
    case 'brief':
      return table.has(id)
        ? []
        : [[inserted(table, id, name)], updated(table, id, `${name}!`), [deleted(table, id)]];
    case 'update':
      return table.has(id) ? [updated(table, id, name)] : [];
    case 'replace': // a deferred update: the key stays
      return table.has(id) ? [[deleted(table, id), inserted(table, id, name)]] : [];
    case 'move': {
      const kept = table.get(id);
      if (kept === undefined || table.has(other)) return [];
      return [[deleted(table, id), inserted(table, other, kept)]];
    }
    case 'swap': {
      const [a, b] = [table.get(id), table.get(other)];
      return a === undefined || b === undefined ? [] : [updated(table, id, b), updated(table, other, a)];
    }
    case 'shift':
    default:
      return shifted(table);
  }
}

/** `SET Id = Id + 1` of all rows, after split, sort and collapse: by key, and a key that is left and taken is an update. */
function shifted(table: Table): readonly Group[] {
  if (table.has(6)) return [];
  const before = new Map(table);
  return [1, 2, 3, 4, 5, 6].flatMap((id): Group[] => {
    const taken = before.get(id - 1);
    if (taken === undefined) return before.has(id) ? [[deleted(table, id)]] : [];
    return before.has(id) ? [updated(table, id, taken)] : [[inserted(table, id, taken)]];
  });
}

function inserted(table: Table, id: number, name: string) {
  table.set(id, name);
  return { operation: 2, id, name };
}

function deleted(table: Table, id: number) {
  const name = table.get(id) ?? '';
  table.delete(id);
  return { operation: 1, id, name };
}

function updated(table: Table, id: number, name: string): Group {
  const before = table.get(id) ?? '';
  table.set(id, name);
  return [
    { operation: 3, id, name: before },
    { operation: 4, id, name },
  ];
}

/** A system procedure that lists something: its columns, and the rows as plain objects by column. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import type { Procedure, ProcedureCall, ProcedureParameter } from '../query/procedure.ts';

/** Columns that a row leaves out are NULL. */
export type ListedRow<C extends string> = Readonly<Partial<Record<C, SqlValue>>>;

export function listing<C extends string>(
  parameters: readonly ProcedureParameter[],
  columns: Readonly<Record<C, SqlType>>,
  rows: (call: ProcedureCall) => Iterable<ListedRow<NoInfer<C>>>,
): Procedure {
  const names = Object.keys(columns) as C[];
  return {
    parameters,
    writes: false,
    run(call) {
      const shape = names.map((name) => ({ name, type: columns[name], nullable: true }));
      const listed = [...rows(call)];
      call.emit({ kind: 'columns', columns: shape });
      for (const row of listed) call.emit({ kind: 'row', values: names.map((name) => row[name] ?? null) });
      call.emit({ kind: 'done', count: listed.length, inProcedure: true, command: 'select' });
    },
  };
}

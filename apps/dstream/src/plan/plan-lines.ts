/** A plan as lines for a terminal: what is read, and where each table goes. Pure. */
import { layoutTable, plain, wrapText, type Column, type Paint } from '@dstream/terminal';
import type { PlanDocument, PlanTable } from './plan-document.ts';

/** How the lines look. */
export interface PlanLinesOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint?: Paint;
}

const dash = '–';

/** The lines, none longer than `width`. */
export function planLines(plan: PlanDocument, { width, paint = plain }: PlanLinesOptions): readonly string[] {
  const { header, lines } = layoutTable(columnsOf(plan), plan.tables, { width, paint });
  const table = plan.tables.length === 0 ? [] : [header, ...lines, ''];
  const words = [...plan.tables.flatMap(faultOf), ...plan.notes];
  return [
    ...headOf(plan).flatMap((line) => wrapText(line, width)),
    '',
    ...table,
    ...words.flatMap((text) =>
      wrapText(text, width - 2).map((line, n) => `${n === 0 ? paint('yellow', '!') : ' '} ${line}`),
    ),
  ];
}

function headOf({ source, subscription, transforms, outputs, offline }: PlanDocument): readonly string[] {
  const asked = offline ? ', not asked' : '';
  return [
    ...(source === null
      ? []
      : [
          `reads ${source.database} on ${source.server} (source ${source.name}, mode ${source.mode}${asked})`,
          `sends to topic ${source.topic}`,
        ]),
    ...(subscription === null
      ? []
      : [`receives from topic ${subscription.topic}, subscription ${subscription.subscription}`]),
    ...(transforms.length === 0
      ? []
      : [`transforms: ${transforms.map(({ name, type }) => `${name} (${type})`).join(', ')}`]),
    ...outputs.map(
      ({ name, type, required }) => `output ${name} (${type}${required ? '' : ', not required'})`,
    ),
  ];
}

function columnsOf({ outputs, transforms, offline }: PlanDocument): readonly Column<PlanTable>[] {
  const instances: Column<PlanTable> = {
    title: 'CAPTURE INSTANCE',
    cell: ({ captureInstances, fault }) => fault?.code ?? (captureInstances?.join(', ') || dash),
    style: ({ fault }) => (fault === null ? undefined : 'red'),
    least: 16,
  };
  const transformed: Column<PlanTable> = {
    title: 'TRANSFORMS',
    cell: (table) => table.transforms.join(', ') || dash,
    least: 10,
  };
  return [
    { title: 'TABLE', cell: ({ table }) => table, least: 16, keep: 'end' },
    ...(offline ? [] : [instances]),
    { title: 'SESSION', cell: sessionText, least: 16, keep: 'end' },
    ...(transforms.length === 0 ? [] : [transformed]),
    ...outputs.map(({ name }): Column<PlanTable> => ({
      title: name.toUpperCase(),
      cell: ({ destinations }) => destinations[name] ?? dash,
      least: 16,
      keep: 'end',
    })),
  ];
}

/** Of a table that is ordered by key: its first bucket and how many sessions there are. */
function sessionText({ sessions }: PlanTable): string {
  const [first = dash, ...others] = sessions;
  return others.length === 0 ? first : `${first} (+${others.length})`;
}

function faultOf({ table, fault }: PlanTable): readonly string[] {
  return fault === null ? [] : [`${table}: ${fault.code}: ${fault.message}`];
}

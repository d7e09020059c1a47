/** A plan as lines for a terminal: what is read, and where each table goes. Pure. */
import { layoutTable, plain, textWidth, wrapText, type Column, type Paint } from '@dstream/terminal';
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
  const words = [...plan.tables.flatMap(faultOf), ...plan.notes];
  return [
    ...headOf(plan).flatMap((line) => wrapText(line, width)),
    '',
    ...(plan.tables.length === 0 ? [] : tableLines(plan, { width, paint })),
    ...words.flatMap((text) =>
      wrapText(text, width - 2).map((line, n) => `${n === 0 ? paint('yellow', '!') : ' '} ${line}`),
    ),
  ];
}

/** One table with a column for each output; where that is too wide, one without and one with a line for each destination. */
function tableLines(plan: PlanDocument, options: Required<PlanLinesOptions>): readonly string[] {
  const columns = [...columnsOf(plan), ...plan.outputs.map(({ name }) => destinationColumn(name))];
  const whole = laidOut(columns, plan.tables, { width: Infinity, paint: plain });
  if (whole.every((line) => textWidth(line) <= options.width)) return laidOut(columns, plan.tables, options);
  return [
    ...laidOut(columnsOf(plan), plan.tables, options),
    ...(plan.outputs.length === 0 ? [] : laidOut(pathColumns, pathsOf(plan), options)),
  ];
}

function laidOut<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: Required<PlanLinesOptions>,
): readonly string[] {
  const { header, lines } = layoutTable(columns, rows, options);
  return [header, ...lines, ''];
}

interface Path {
  readonly table: string;
  readonly output: string;
  readonly destination: string;
}

const pathColumns: readonly Column<Path>[] = [
  { title: 'TABLE', cell: ({ table }) => table, least: 16, keep: 'end' },
  { title: 'OUTPUT', cell: ({ output }) => output, least: 10 },
  { title: 'DESTINATION', cell: ({ destination }) => destination, least: 16, keep: 'end' },
];

/** In the order of tables and outputs. A table that goes nowhere has a line, too. */
function pathsOf({ tables, outputs }: PlanDocument): readonly Path[] {
  return tables.flatMap(({ table, destinations }) => {
    const possible = outputs.filter(({ name }) => name in destinations);
    if (possible.length === 0) return [{ table, output: dash, destination: dash }];
    return possible.map(({ name }) => ({ table, output: name, destination: destinations[name] ?? dash }));
  });
}

function destinationColumn(output: string): Column<PlanTable> {
  return {
    title: output.toUpperCase(),
    cell: ({ destinations }) => destinations[output] ?? dash,
    least: 16,
    keep: 'end',
  };
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

function columnsOf({ transforms, offline }: PlanDocument): readonly Column<PlanTable>[] {
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

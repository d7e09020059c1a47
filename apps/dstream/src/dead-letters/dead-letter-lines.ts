/** Dead letters as lines for a terminal. Pure. */
import { layoutTable, plain, visibleText, wrapText, type Column, type Paint } from '@dstream/terminal';
import type { DeadLetterDocument, DeadLetterSummary } from './dead-letter-document.ts';

/** How the lines look. */
export interface DeadLetterLinesOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint?: Paint;
}

const dash = '–';

const columns: readonly Column<DeadLetterSummary>[] = [
  { title: 'NUMBER', cell: ({ sequenceNumber }) => sequenceNumber, align: 'right' },
  { title: 'ENQUEUED', cell: ({ enqueuedAt }) => enqueuedAt.slice(0, 19).replace('T', ' '), rank: 2 },
  { title: 'TABLE', cell: ({ table }) => table ?? dash, least: 12, keep: 'end' },
  { title: 'REASON', cell: ({ reason }) => reason ?? dash, style: () => 'red', least: 12 },
  { title: 'OUTPUTS', cell: ({ outputs }) => outputs.join(', ') || dash, least: 8 },
  { title: 'CHANGES', cell: ({ changes }) => String(changes), align: 'right', rank: 3 },
  {
    title: 'REPLAYS',
    cell: ({ replays }) => (replays === 0 ? '' : String(replays)),
    align: 'right',
    rank: 4,
  },
  { title: 'DESCRIPTION', cell: ({ description }) => description ?? dash, least: 16, rank: 1 },
];

/** A table, one line for each; a sentence where there are none. @param hasMore the limit has left some out */
export function summaryLines(
  deadLetters: readonly DeadLetterSummary[],
  hasMore: boolean,
  { width, paint = plain }: DeadLetterLinesOptions,
): readonly string[] {
  if (deadLetters.length === 0) return ['no dead letters'];
  const { header, lines } = layoutTable(columns, deadLetters, { width, paint });
  const more = `the first ${deadLetters.length}; --limit shows more, a filter shows others`;
  return [header, ...lines, ...(hasMore ? ['', ...wrapText(more, width)] : [])];
}

/** Everything about one: fields, properties, reasons, and the changes that failed. */
export function documentLines(
  dead: DeadLetterDocument,
  { width, paint = plain }: DeadLetterLinesOptions,
): readonly string[] {
  const { properties, reasons, failed, outputs, ...fields } = dead;
  const rows = [...Object.entries(fields), ['outputs', outputs.join(', ')] as const];
  return [
    ...rows.map(([name, value]) => `${paint('dim', name.padEnd(16))}${visibleText(String(value ?? dash))}`),
    '',
    ...section(
      'properties',
      Object.entries(properties).map(([name, value]) => `${name} = ${value}`),
    ),
    ...section(
      'reasons',
      reasons.map((reason) => JSON.stringify(reason)),
    ),
    ...failed.flatMap(({ index, outputs: at, change, line }) => [
      paint('bold', `change ${index}${at.length === 0 ? '' : ` (failed at ${at.join(', ')})`}`),
      ...(change === null ? [line] : JSON.stringify(change, null, 2).split('\n')).map(visibleText),
      '',
    ]),
  ];

  function section(title: string, texts: readonly string[]): readonly string[] {
    if (texts.length === 0) return [];
    const lines = texts.flatMap((text) => wrapText(visibleText(text), width - 2));
    return [paint('bold', title), ...lines.map((line) => `  ${line}`), ''];
  }
}

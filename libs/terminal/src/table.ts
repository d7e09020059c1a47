/**
 * Rows and columns that fit a terminal. What is too wide is first cut where a column allows it, and then left out,
 * the least important column first. Pure.
 */
import { fitEnd, fitLine, padTo, textWidth } from './cell-width.ts';
import { plain, type Paint, type Style } from './paint.ts';
import { visibleText } from './visible-text.ts';

/** A column: its cells, and what may happen to it when the terminal is narrow. */
export interface Column<Row> {
  readonly title: string;
  /** Plain text: a colour in it is shown as its characters; `style` paints. */
  readonly cell: (row: Row) => string;
  readonly style?: (row: Row) => Style | undefined;
  readonly align?: 'left' | 'right';
  /** How narrow it may become, in columns of the terminal; when not given it is never cut. */
  readonly least?: number;
  /** Which part of a cell that is cut stays; the start when not given. */
  readonly keep?: 'start' | 'end';
  /** How soon it is left out where there is no room: the highest goes first. When not given it stays. */
  readonly rank?: number;
}

/** How the table looks. */
export interface TableOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint?: Paint;
  /** Spaces between two columns; 2 when not given. */
  readonly gap?: number;
}

/** The header and the lines of a table. */
export interface LaidOut {
  readonly header: string;
  /** One for each row. */
  readonly lines: readonly string[];
}

interface Sized<Row> extends Column<Row> {
  readonly cells: readonly string[];
  width: number;
  readonly leastWidth: number;
}

/** No line is wider than `width`. Columns without any text but their title are left out. */
export function layoutTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, paint = plain, gap = 2 }: TableOptions,
): LaidOut {
  const shown = fitted(
    columns.map((column) => sized(column, rows)).filter(({ cells }) => isNeeded(cells)),
    width,
    gap,
  );
  const join = (cells: readonly string[]) => fitLine(cells.join(' '.repeat(gap)).trimEnd(), width);
  const header = join(shown.map((column) => paint('dim', filled(column, column.title))));
  return {
    header,
    lines: rows.map((row, n) => join(shown.map((column) => drawn(column, row, n, paint)))),
  };
}

function isNeeded(cells: readonly string[]): boolean {
  return cells.length === 0 || cells.some((cell) => cell !== '');
}

function sized<Row>(column: Column<Row>, rows: readonly Row[]): Sized<Row> {
  const cells = rows.map((row) => visibleText(column.cell(row)));
  const width = Math.max(textWidth(column.title), ...cells.map(textWidth));
  const leastWidth = Math.min(width, Math.max(column.least ?? width, textWidth(column.title)));
  return { ...column, cells, width, leastWidth };
}

function fitted<Row>(columns: readonly Sized<Row>[], width: number, gap: number): readonly Sized<Row>[] {
  const gaps = gap * (columns.length - 1);
  const sum = (of: (column: Sized<Row>) => number) =>
    columns.reduce((total, column) => total + of(column), 0);
  if (sum(({ leastWidth }) => leastWidth) + gaps > width) {
    const [least] = columns
      .filter(({ rank }) => rank !== undefined)
      .sort((a, b) => (b.rank ?? 0) - (a.rank ?? 0));
    if (least !== undefined)
      return fitted(
        columns.filter((column) => column !== least),
        width,
        gap,
      );
  }
  cutDown(columns, sum((column) => column.width) + gaps - width);
  return columns;
}

/** Takes `surplus` away from the columns that may be cut, a step at a time from the widest. */
function cutDown<Row>(columns: readonly Sized<Row>[], surplus: number): void {
  for (let left = surplus; left > 0; left -= 1) {
    const [widest] = columns
      .filter((column) => column.width > column.leastWidth)
      .sort((a, b) => b.width - a.width);
    if (widest === undefined) return;
    widest.width -= 1;
  }
}

function drawn<Row>(column: Sized<Row>, row: Row, n: number, paint: Paint): string {
  const text = filled(column, column.cells[n] ?? '');
  const style = column.style?.(row);
  return style === undefined ? text : paint(style, text);
}

function filled<Row>({ keep, width, align }: Sized<Row>, text: string): string {
  return padTo(keep === 'end' ? fitEnd(text, width) : fitLine(text, width), width, align);
}

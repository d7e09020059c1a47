/** What a bench gives: one line of the table, or one object a line with `--json`. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same of the bare loop, measured in the same run. */
  readonly baseline: number | null;
  /** `value / baseline`: of a rate more is better, of a time or of memory less is. */
  readonly ratio: number | null;
}

export function figure(name: string, value: number, unit: string, baseline?: number): Figure {
  return {
    name,
    value: rounded(value),
    unit,
    baseline: baseline === undefined ? null : rounded(baseline),
    ratio: baseline === undefined ? null : Math.round((value / baseline) * 100) / 100,
  };
}

/** Three digits are more than a shared machine can promise. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

const widths = [68, 10, 12, 10, 7] as const;

/** The columns' names, or a figure below them. */
export function tableLine(shown: Figure | undefined): string {
  const cells =
    shown === undefined
      ? ['name', 'value', 'unit', 'baseline', 'ratio']
      : [shown.name, shown.value, shown.unit, shown.baseline ?? '', shown.ratio ?? ''];
  return cells
    .map((cell, n) => pad(String(cell), n))
    .join('  ')
    .trimEnd();
}

/** Texts to the left, numbers to the right. */
function pad(cell: string, column: number): string {
  const width = widths[column] ?? 0;
  return column === 0 || column === 2 ? cell.padEnd(width) : cell.padStart(width);
}

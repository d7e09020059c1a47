export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** The value below which `share` of `values` lie; NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

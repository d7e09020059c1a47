/** Go's durations: `200ms`, `5s`, `2m`, `1h30m` (Go's time.ParseDuration). */

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const whole = /^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** Milliseconds. Undefined for what is not a duration without sign. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!whole.test(text)) return undefined;
  return [...text.matchAll(part)].reduce(
    (sum, [, number = '', unit = '']) => sum + Number(number) * (unitMs[unit] ?? Number.NaN),
    0,
  );
}

/** The shortest of Go's forms for whole milliseconds: 90,000 is `1m30s`. */
export function formatDuration(ms: number): string {
  const units = ['h', 'm', 's', 'ms'] as const;
  let rest = ms;
  let text = '';
  for (const unit of units) {
    const size = unitMs[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text === '' ? '0s' : text;
}

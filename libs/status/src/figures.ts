/** Numbers for people: short, of steady width, with their unit. What is not known is a dash. */

/** Stands for what is not known. */
export const dash = '–';

const counts = new Intl.NumberFormat('en-US');

/** `1,234`. */
export function formatCount(value: number | null): string {
  return value === null ? dash : counts.format(value);
}

/** `0 ms`, `850 ms`, `1.2 s`, `45 s`, `3m 20s`, `2h 5m`, `3d 4h`. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return dash;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** `0/s`, `0.3/s`, `12/s`, `1,234/s`. */
export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return dash;
  if (perSecond === 0) return '0/s';
  if (perSecond < 9.95) return `${perSecond.toFixed(1)}/s`;
  return `${counts.format(Math.round(perSecond))}/s`;
}

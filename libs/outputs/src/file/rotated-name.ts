/** Names of finished files: `orders.20261121T043512.123Z.jsonl`. They sort in time, and none is ever used again. */
import { basename, dirname, extname, join } from 'node:path';

/**
 * The name for the file at `path` when it is finished at `nowMs` (wall clock). Later than every finished file of it
 * among `names`, also when the clock was set back, so that nothing is overwritten.
 */
export function rotatedPath(path: string, nowMs: number, names: readonly string[]): string {
  const { stem, extension } = partsOf(path);
  const last = names.map((name) => finishedMs(name, stem, extension)).reduce((a, b) => Math.max(a, b), -1);
  return join(dirname(path), `${stem}.${stampOf(Math.max(Math.floor(nowMs), last + 1))}${extension}`);
}

function partsOf(path: string): { stem: string; extension: string } {
  const extension = extname(path);
  return { stem: basename(path, extension), extension };
}

function stampOf(ms: number): string {
  return new Date(ms).toISOString().replaceAll('-', '').replaceAll(':', '');
}

const stamp = /^\.(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\d\.\d{3}Z)$/;

/** -1 when it is not one of them. */
function finishedMs(name: string, stem: string, extension: string): number {
  if (!name.startsWith(stem) || !name.endsWith(extension)) return -1;
  const parts = stamp.exec(name.slice(stem.length, name.length - extension.length));
  if (parts === null) return -1;
  const [, year, month, dayAndHour, minute, second] = parts;
  const ms = Date.parse(`${year}-${month}-${dayAndHour}:${minute}:${second}`);
  return Number.isNaN(ms) ? -1 : ms;
}

import { silentLog, type Log } from '@dstream/core';

/** A log that keeps what an operator reads: level, sentence and fields of each line, without those of `debug`. */
export function operatorLog(): { readonly log: Log; readonly lines: readonly unknown[] } {
  const lines: unknown[] = [];
  const note = (level: string) => (text: string, fields?: object) => void lines.push([level, text, fields]);
  const log: Log = {
    ...silentLog,
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    child: () => log,
  };
  return { log, lines };
}

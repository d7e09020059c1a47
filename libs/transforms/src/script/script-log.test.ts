import { silentLog, type Log } from '@dstream/core';
import { expect, test } from 'vitest';
import { ScriptLog } from './script-log.ts';

test('a script writes ten entries a second, and the next one says how many were left out', () => {
  const written: unknown[] = [];
  const log: Log = {
    ...silentLog,
    debug: (sentence, fields) => written.push(['debug', sentence, fields]),
    info: (sentence, fields) => written.push(['info', sentence, fields]),
  };
  let nowMs = 0;
  const scriptLog = new ScriptLog(log, { monotonicMs: () => nowMs });
  scriptLog.write(Array.from({ length: 15 }, (_, n) => ({ level: 'debug', message: `m${n}` })));
  expect(written).toHaveLength(10);
  nowMs = 1000;
  scriptLog.write([{ level: 'info', message: 'AccountKey=open-sesame' }]);
  expect(written.slice(10)).toEqual([
    ['info', 'script', { message: expect.not.stringContaining('sesame') as string, suppressed: 5 }],
  ]);
});

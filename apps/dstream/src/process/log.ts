/** The log of a process: standard error, readable in a terminal, else JSON lines. */
import { isatty } from 'node:tty';
import { redactor, type Configuration, type LogLevel } from '@dstream/config';
import type { Log } from '@dstream/core';
import { createLog, standardErrorLog, type LogFormat } from '@dstream/runtime';
import { hasColours } from '@dstream/terminal';

/** How a command is asked to log. */
export interface LogOptions {
  readonly logLevel?: LogLevel;
  readonly logFormat?: LogFormat;
}

/** To be called once: it logs without the secrets of the configuration. */
export function logFor(configuration: Configuration, options: LogOptions): Log {
  const terminal = isatty(2);
  const output = standardErrorLog();
  const log = createLog({
    level: options.logLevel ?? configuration.service.logLevel,
    format: options.logFormat ?? (terminal ? 'pretty' : 'json'),
    colour: hasColours(terminal, process.env),
    redact: redactor(configuration),
    write: (text) => output.write(text),
  });
  output.onDropped((lines) => log.warn('dropped log lines: standard error is blocked', { lines }));
  return log;
}

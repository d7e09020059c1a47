/** Logs for the operator: pino, to standard error, JSON lines or readable ones. Secrets are removed from every line. */
import { withoutFrames, withoutSecrets, type Log, type LogFields } from '@dstream/core';
import { visiblePainted } from '@dstream/terminal';
import { pino, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';

type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** JSON lines for machines, or coloured lines for a terminal. */
export type LogFormat = 'json' | 'pretty';

interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Whether the destination shows colours: for `pretty` only. */
  readonly colour: boolean;
  /** Removes the secrets of the configuration from a finished line. */
  readonly redact: (text: string) => string;
  readonly write: (text: string) => void;
}

/** The log of a process. Each line is written at once, without waiting. */
export function createLog(options: LogOptions): Log {
  const pretty =
    options.format === 'pretty'
      ? prettyFactory({
          colorize: options.colour,
          ignore: 'pid,hostname',
          singleLine: true,
          translateTime: 'SYS:HH:MM:ss.l',
        })
      : undefined;
  const write = (line: string) =>
    options.write(safe(options.redact(pretty === undefined ? line : pretty(line))));
  const logger = pino(
    { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level } },
    { write },
  );
  return new PinoLog(logger);
}

/** Fields hold names and errors from outside: control characters are escaped. In JSON the escapes read back as the characters. */
function safe(line: string): string {
  return `${visiblePainted(line.replace(/\n$/, ''))}\n`;
}

function level(label: string): { level: string } {
  return { level: label };
}

class PinoLog implements Log {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  debug(sentence: string, fields: LogFields = {}): void {
    if (this.#logger.isLevelEnabled('debug')) this.#logger.debug(plain(fields), sentence);
  }

  info(sentence: string, fields: LogFields = {}): void {
    this.#logger.info(plain(fields), sentence);
  }

  warn(sentence: string, fields: LogFields = {}): void {
    this.#logger.warn(plain(fields), sentence);
  }

  error(sentence: string, fields: LogFields = {}): void {
    this.#logger.error(plain(fields), sentence);
  }

  child(fields: LogFields): Log {
    return new PinoLog(this.#logger.child(plain(fields)));
  }
}

/** What a log shows: errors as code and message, nothing that looks like a secret or a stack. */
function plain(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, shown(value)]));
}

function shown(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecrets(withoutFrames(value));
  if (value instanceof Error) return shown(ofError(value));
  if (Array.isArray(value)) return value.map(shown);
  const isPlain = typeof value === 'object' && value !== null && !('toJSON' in value);
  return isPlain ? plain(value as LogFields) : value;
}

function ofError(error: Error): string {
  return 'code' in error && typeof error.code === 'string'
    ? `${error.code}: ${error.message}`
    : error.message;
}

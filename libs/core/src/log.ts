/** Plain values that go with a log line. Never a secret, never a row's values but the key that names it. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A constant sentence plus fields. An `Error` goes under the field `error`. Runtime implements it with pino. */
export interface Log {
  debug(sentence: string, fields?: LogFields): void;
  info(sentence: string, fields?: LogFields): void;
  warn(sentence: string, fields?: LogFields): void;
  error(sentence: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

/** Drops everything: for tests and for callers that do not care. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

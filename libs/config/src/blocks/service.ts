import { DStreamError } from '@dstream/core';
import type { HttpAddress, LogLevel, ServiceConfig } from './configuration.ts';
import { conceal } from '../schema/conceal.ts';
import type { Context } from '../schema/context.ts';
import type { Environment } from '../schema/templates.ts';
import type { BlockNode } from '../text/hcl-document.ts';
import { readBlock } from '../schema/read-block.ts';
import { optional, withDefault, type BlockSchema, type Reading } from '../schema/schema.ts';
import { boolean, choice, duration } from '../values/scalars.ts';
import { faultText, faulty, sound, textOf, type ValueType } from '../values/value-type.ts';

const logLevel = choice(['debug', 'info', 'warn', 'error']);
const logLevelVariable = 'DSTREAM_LOG_LEVEL';

const addressForm = /^(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):(?<port>\d{1,5})$/;

/** `host:port`; `:8080` is every address of the machine, of both families, as in Go; an empty text turns it off. */
export const httpAddress: ValueType<HttpAddress | undefined> = {
  expected: 'host:port, or "" for none',
  blank: undefined,
  read: (given) => {
    const value = textOf(given);
    if (value === '') return sound(undefined);
    const found = addressForm.exec(value ?? '')?.groups;
    const port = Number(found?.['port']);
    if (found === undefined) {
      return faulty(`${given.shown} is not an address`, 'write "127.0.0.1:8080", ":8080", or "" for none');
    }
    if (port > 65_535)
      return faulty(`the port of ${given.shown} is out of range (0–65535)`, 'write 0 for any free port');
    const host = (found['host'] ?? '').replaceAll(/[[\]]/g, '');
    return sound({ host: host === '' ? '::' : host, port });
  },
};

/** A header carries it, and it must not be guessable. */
const tokenForm = /^[!-~]{16,512}$/;
const tokenIs = '16 to 512 visible ASCII characters';
const tokenAdvice = 'make one with `openssl rand -hex 32`';

/** What clients send as `Authorization: Bearer …`. No message repeats it. */
export const accessToken: ValueType<string> = {
  expected: tokenIs,
  blank: '',
  read: (given) => {
    const value = textOf(given);
    if (value === undefined) return faulty(`${given.shown} is not a token`, 'write it in double quotes');
    if (value === '') return faulty('the value is empty', tokenAdvice);
    return tokenForm.test(value) ? sound(value) : faulty(`${given.shown} is not ${tokenIs}`, tokenAdvice);
  },
};

/** Keys of `service`. */
export const serviceSchema = {
  type: 'service',
  doc: 'The process itself, for every command.',
  keys: {
    log_level: withDefault(
      logLevel,
      'info',
      `Least severe level that is logged. The variable ${logLevelVariable} overrides it.`,
    ),
    http: withDefault(
      httpAddress,
      '127.0.0.1:8080',
      'Address of health checks, status and metrics; port 0 takes any free port. If the default port is busy, another one is used; if a configured port is busy, that is an error.',
    ),
    token: optional(
      accessToken,
      'none: /status and /metrics are served on a loopback address only',
      'What /status and /metrics ask for, as `Authorization: Bearer …`; /livez and /readyz never do.',
      { secret: true },
    ),
    metrics_anonymous: withDefault(boolean, false, 'Serves /metrics without the token, on any address.'),
    shutdown_timeout: withDefault(
      duration({ min: '100ms', max: '1h' }),
      '30s',
      'How long stopping may take. What is not finished by then is aborted, and repeated by the next owner.',
    ),
  },
  blocks: [],
} as const satisfies BlockSchema;

/** @param node undefined when the file has none */
export function readService(node: BlockNode | undefined, context: Context): ServiceConfig {
  const reading = readBlock(serviceSchema, node, { line: 1, path: '' }, context);
  const { http, token, log_level: level, shutdown_timeout: shutdownTimeoutMs } = reading.values;
  noteUnserved(reading, context);
  const config: ServiceConfig = {
    path: 'service',
    logLevel: levelFromVariable(context) ?? level,
    http,
    httpConfigured: reading.isGiven('http'),
    token,
    metricsAnonymous: reading.values.metrics_anonymous,
    shutdownTimeoutMs,
  };
  return token === undefined ? config : conceal(config, 'token');
}

/** Who turns the endpoint off need not say who may use it. */
function noteUnserved(reading: Reading<typeof serviceSchema.keys>, { problems }: Context): void {
  if (reading.values.http !== undefined || !reading.isSound('http')) return;
  const given = (['token', 'metrics_anonymous'] as const).filter((key) => reading.isGiven(key));
  for (const key of given) problems.addNote(reading.placeOf(key), 'no effect with http = ""; remove it');
}

/** The variable of the token, where a command has no file. */
const tokenVariable = 'DSTREAM_HTTP_TOKEN';

/** The token for a command that reads no file; undefined when the variable is not set. Throws ConfigInvalid. */
export function tokenFromVariable(env: Environment): string | undefined {
  const value = env[tokenVariable]?.trim();
  if (value === undefined || value === '') return undefined;
  const shown = `the value of ${tokenVariable}`;
  const result = accessToken.read({ value, shown, fromVariable: true, items: [] });
  if ('value' in result) return result.value;
  throw new DStreamError('ConfigInvalid', result.faults.map(faultText).join('; '));
}

function levelFromVariable(context: Context): LogLevel | undefined {
  const value = context.env[logLevelVariable]?.trim();
  if (value === undefined || value === '') return undefined;
  const shown = `the value of ${logLevelVariable}`;
  const result = logLevel.read({ value: value.toLowerCase(), shown, fromVariable: true, items: [] });
  if ('value' in result) return result.value;
  for (const fault of result.faults) context.problems.add({ line: 1, path: '' }, faultText(fault));
  return undefined;
}

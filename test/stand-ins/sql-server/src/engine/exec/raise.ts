/** RAISERROR and THROW. */
import type { Reply, SqlMessage, SqlType, SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import { SqlError } from '../errors/sql-error.ts';
import type { Expression } from '../parser/ast.ts';
import type { Statement } from '../parser/statement-ast.ts';
import { textOf } from '../query/text-of.ts';
import { converter } from '../values/index.ts';

/** An error that a statement of the batch raised. `ends`: the batch ends (THROW); after RAISERROR it goes on. */
export class RaisedError extends SqlError {
  readonly ends: boolean;

  constructor(number: number, message: string, severity: number, state: number, ends: boolean) {
    super(number, message, severity, state);
    this.ends = ends;
  }
}

interface Given {
  readonly value: SqlValue;
  readonly type: SqlType;
}

const asText = ({ value, type }: Given): string =>
  value === null ? '(null)' : textOf(converter(type, { name: 'nvarchar', length: 'max' })(value));

const asNumber = ({ value, type }: Given): number =>
  Number(value === null ? 0 : converter(type, { name: 'int' })(value));

/** Severity 10 and below is a message, above it an error ("RAISERROR"). */
export function* raised(
  statement: Extract<Statement, { kind: 'raiserror' }>,
  evaluate: (expression: Expression) => Given,
): Generator<Reply> {
  const [first, severity, state, ...rest] = statement.args.map((arg) => evaluate(arg));
  if (first === undefined || severity === undefined || state === undefined)
    throw errors.syntax(')', statement.line);
  const number = typeof first.value === 'number' ? first.value : 50_000;
  const message = formatted(asText(first), rest);
  const level = asNumber(severity);
  if (level > 10) throw new RaisedError(number, message, level, asNumber(state), false);
  yield {
    kind: 'message',
    message: { number, severity: level, state: asNumber(state), message, line: statement.line },
  };
}

function formatted(text: string, given: readonly Given[]): string {
  let at = 0;
  return text.replace(/%(?:%|[-+0# ]*\d*(?:\.\d+)?(?:l|I64|h)?[diosuxX])/g, (match) => {
    if (match === '%%') return '%';
    const value = given[at++];
    if (value === undefined) return match;
    return match.endsWith('x')
      ? asNumber(value).toString(16)
      : match.endsWith('X')
        ? asNumber(value).toString(16).toUpperCase()
        : asText(value);
  });
}

/** Without arguments the caught error again (error 10704 outside of CATCH). */
export function thrown(args: readonly Given[], caught: SqlMessage | undefined): RaisedError {
  const [number, message, state] = args;
  if (number === undefined || message === undefined || state === undefined) {
    if (caught === undefined) throw errors.throwOutsideCatch();
    return new RaisedError(caught.number, caught.message, caught.severity, caught.state, true);
  }
  if (asNumber(number) < 50_000) throw errors.throwNumber(asNumber(number));
  return new RaisedError(asNumber(number), asText(message), 16, asNumber(state), true);
}

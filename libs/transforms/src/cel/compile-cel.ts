/** Compiles conditions on changes: CEL, evaluated by `@bufbuild/cel`. Loaded only where a file has such a condition. */
import { isCelError, parse, plan, type CelError } from '@bufbuild/cel';
import type { Predicate } from '@dstream/config/schema';
import { asDStreamError, DStreamError } from '@dstream/core';
import { environment, variablesOf } from './cel-environment.ts';
import { checkCondition } from './check-cel.ts';

/** Longer ones are refused: what an evaluation costs grows with its text. */
const maxLength = 4_000;

/** Throws ConfigInvalid, which says what is wrong and where in the text. */
export function compileCel(text: string): Predicate {
  const { expr, sourceInfo } = parsed(text);
  const placeOf = (id: bigint | undefined) => {
    const offset = id === undefined ? undefined : sourceInfo?.positions[id.toString()];
    return offset === undefined ? '' : `${place(text, offset)}: `;
  };
  const fault = checkCondition(expr);
  if (fault !== undefined) throw invalid(`${placeOf(fault.id)}${fault.text}`);
  const evaluate = plan(environment, expr);
  return (event) => {
    const result = evaluate(variablesOf(event));
    if (typeof result === 'boolean') return result;
    const why = isCelError(result)
      ? `${placeOf(result.exprId)}${reasonOf(result, text)}`
      : 'it is neither true nor false';
    throw new DStreamError('TransformFailed', `the condition ${shownText(text)} failed: ${why}`);
  };
}

function parsed(text: string): ReturnType<typeof parse> {
  if (text.length > maxLength) throw invalid(`it is longer than ${maxLength} characters`);
  try {
    return parse(text);
  } catch (error) {
    const where = asDStreamError(error).message.replace(/^<input>:(\d+):(\d+): /, 'line $1, column $2: ');
    throw invalid(where, error);
  }
}

function invalid(why: string, cause?: unknown): DStreamError {
  return new DStreamError('ConfigInvalid', `invalid CEL: ${why}`, { cause });
}

/** As in `line 1, column 5`. */
function place(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}

const longestShown = 200;

function shownText(text: string): string {
  return JSON.stringify(text.length > longestShown ? `${text.slice(0, longestShown)}…` : text);
}

/** Messages of the library may repeat values of the change; these do not. */
function reasonOf({ message }: CelError, text: string): string {
  const column = /^field not found: (.*)$/s.exec(message)?.[1];
  if (column !== undefined && text.includes(column))
    return `there is no column or field ${column}; ask has(…) first`;
  const overload = /^found no matching overload for '(.*)' applied to '(.*)'$/.exec(message);
  if (overload !== null) return `${overload[1]} does not take ${overload[2]}`;
  if (/^(?:int|uint) overflow|^divi|^modulus|^more than \d+ elements/.test(message)) return message;
  return 'a value is not of the form that is needed here';
}

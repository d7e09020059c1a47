/** Compiles conditions on changes: CEL, evaluated by `@bufbuild/cel`. Loaded only where a file has such a condition. */
import { celEnv, isCelError, parse, plan, type CelInput } from '@bufbuild/cel';
import type { Predicate } from '@dstream/config/schema';
import { asDStreamError, DStreamError } from '@dstream/core';

const environment = celEnv();

/** Throws ConfigInvalid, which says what is wrong and where in the text. */
export function compileCel(text: string): Predicate {
  const evaluate = plan(environment, parsed(text));
  return ({ data, before, metadata }) => {
    const result = evaluate({ data, before: before ?? null, metadata: metadata as unknown as CelInput });
    if (typeof result === 'boolean') return result;
    const why = isCelError(result) ? result.message : 'it is neither true nor false';
    throw new DStreamError('TransformFailed', `the condition ${JSON.stringify(text)} failed: ${why}`);
  };
}

function parsed(text: string): ReturnType<typeof parse> {
  try {
    return parse(text);
  } catch (error) {
    const where = asDStreamError(error).message.replace(/^<input>:(\d+):(\d+): /, 'line $1, column $2: ');
    throw new DStreamError('ConfigInvalid', `invalid CEL: ${where}`, { cause: error });
  }
}

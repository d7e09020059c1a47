import type { PredicateLanguage } from '@dstream/config/schema';
import { asDStreamError } from '@dstream/core';

/** CEL, the language of `route { when }` and of the transform `filter`. */
export const celPredicates: PredicateLanguage = {
  what: 'CEL expression',
  check: async (text) => {
    const { compileCel } = await import('./compile-cel.ts');
    try {
      compileCel(text);
      return undefined;
    } catch (error) {
      return asDStreamError(error).message;
    }
  },
  open: async (text) => (await import('./compile-cel.ts')).compileCel(text),
};

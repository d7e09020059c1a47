/** All scalar functions by name in upper case. COALESCE, NULLIF, ISNULL, CASE and CAST are the engine's own. */
import type { ScalarFunction } from './scalar-function.ts';

export type { ScalarContext, ScalarFunction } from './scalar-function.ts';

export const scalarFunctions: ReadonlyMap<string, ScalarFunction> = new Map<string, ScalarFunction>();

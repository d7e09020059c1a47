/**
 * All scalar functions by name in upper case, and `atTimeZone` for the operator. COALESCE, NULLIF, ISNULL, CASE and
 * CAST are the engine's own. The date part of DATEADD and its like is a text.
 */
import { characterFunctions } from './character-functions.ts';
import { dateFunctions } from './date-functions.ts';
import { numberFunctions } from './number-functions.ts';
import type { ScalarFunction } from './scalar-function.ts';
import { textFunctions } from './text-functions.ts';
import { valueFunctions } from './value-functions.ts';

export type { ScalarContext, ScalarFunction } from './scalar-function.ts';

export const scalarFunctions: ReadonlyMap<string, ScalarFunction> = new Map([
  ...textFunctions,
  ...characterFunctions,
  ...numberFunctions,
  ...dateFunctions,
  ...valueFunctions,
]);

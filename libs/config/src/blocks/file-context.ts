import type { AdapterTypes } from '../definitions/adapter-types.ts';
import type { Context } from '../schema/context.ts';

/** Of a file: what its blocks may name. */
export interface FileContext extends Context {
  readonly types: AdapterTypes;
}

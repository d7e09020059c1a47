import { lsnBytes, type Lsn } from '../position/log-position.ts';

export type Parameter =
  | { readonly name: string; readonly type: 'lsn'; readonly value: Buffer }
  | { readonly name: string; readonly type: 'lsns'; readonly value: Buffer }
  | { readonly name: string; readonly type: 'int'; readonly value: number }
  | { readonly name: string; readonly type: 'name'; readonly value: string };

/** A text that stays the same from call to call, so that the server keeps one plan, and what is bound to it. */
export interface Statement {
  readonly text: string;
  readonly parameters: readonly Parameter[];
}

export function lsnParameter(name: string, value: Lsn): Parameter {
  return { name, type: 'lsn', value: lsnBytes(value) };
}

/** Any number of LSNs, ten bytes each, one behind the other. */
export function lsnsParameter(name: string, value: Buffer): Parameter {
  return { name, type: 'lsns', value };
}

export function intParameter(name: string, value: number): Parameter {
  return { name, type: 'int', value };
}

/** A name of the catalogue: sysname, nvarchar(128). */
export function nameParameter(name: string, value: string): Parameter {
  return { name, type: 'name', value };
}

/** The text in a value that was converted to a character type before; empty for NULL. */
import type { SqlValue } from '../interface/engine-session.ts';

export const textOf = (value: SqlValue | undefined): string => (typeof value === 'string' ? value : '');

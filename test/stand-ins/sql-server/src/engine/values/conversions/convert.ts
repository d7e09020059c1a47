import type { SqlValue } from '../../interface/engine-session.ts';

/** From one non-NULL value to another, between two types that were fixed when it was made. */
export type Convert = (value: SqlValue) => SqlValue;

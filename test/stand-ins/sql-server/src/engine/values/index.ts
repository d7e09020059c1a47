/** The value layer of the T-SQL engine: types, conversions, comparison, arithmetic, scalar functions. Pure. */
export * from './arithmetic.ts';
export * from './calendar.ts';
export * from './clr/clr-members.ts';
export * from './collation.ts';
export * from './common-type.ts';
export * from './compare-values.ts';
export * from './convert-value.ts';
export * from './decimal.ts';
export * from './functions/scalar-functions.ts';
export * from './hash-key.ts';
export * from './implicit-conversion.ts';
export * from './moment.ts';
export * from './sql-type-of.ts';
export * from './type-facts.ts';

/** The value layer of the T-SQL engine: types, conversions, comparison, arithmetic, scalar functions. Pure. */
export * from './operators/arithmetic.ts';
export * from './basic/calendar.ts';
export * from './clr/clr-members.ts';
export * from './comparison/collation.ts';
export * from './basic/common-type.ts';
export * from './comparison/compare-values.ts';
export * from './conversions/convert-value.ts';
export * from './basic/decimal.ts';
export * from './functions/scalar-functions.ts';
export * from './comparison/hash-key.ts';
export * from './basic/implicit-conversion.ts';
export * from './basic/moment.ts';
export * from './basic/sql-type-of.ts';
export * from './basic/type-facts.ts';

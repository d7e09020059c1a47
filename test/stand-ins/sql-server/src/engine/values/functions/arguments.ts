/** Reading arguments of scalar functions, and building functions for which any NULL gives NULL. */
import type { SqlDecimal, SqlMoment, SqlType, SqlValue } from '../../interface/engine-session.ts';
import { textLength } from '../basic/common-type.ts';
import { convertValue } from '../conversions/convert-value.ts';
import { isCharacter, isUnicode } from '../basic/type-facts.ts';
import type { ScalarContext, ScalarFunction } from './scalar-function.ts';

export const intType: SqlType = { name: 'int' };
export const bigintType: SqlType = { name: 'bigint' };
export const floatType: SqlType = { name: 'float' };

const anyText: SqlType = { name: 'nvarchar', length: 'max' };

/** Arguments that are known not to be NULL, with their types. */
export class Arguments {
  readonly values: readonly SqlValue[];
  readonly types: readonly SqlType[];

  constructor(values: readonly SqlValue[], types: readonly SqlType[]) {
    this.values = values;
    this.types = types;
  }

  get count(): number {
    return this.values.length;
  }

  type(at: number): SqlType {
    return this.types[at] ?? anyText;
  }

  value(at: number): SqlValue {
    return this.values[at] ?? null;
  }

  as(at: number, type: SqlType): SqlValue {
    return convertValue(this.value(at), this.type(at), type);
  }

  text(at: number): string {
    return isCharacter(this.type(at)) ? (this.value(at) as string) : (this.as(at, anyText) as string);
  }

  int(at: number): number {
    return this.as(at, intType) as number;
  }

  float(at: number): number {
    return this.as(at, floatType) as number;
  }

  decimal(at: number): SqlDecimal {
    return this.value(at) as SqlDecimal;
  }

  moment(at: number, type: SqlType): SqlMoment {
    return this.as(at, type) as SqlMoment;
  }
}

type TypeRule = SqlType | ScalarFunction['type'];

const rule = (type: TypeRule): ScalarFunction['type'] => (typeof type === 'function' ? type : () => type);

/** Any NULL argument makes the result NULL. */
export function strict(
  minArgs: number,
  maxArgs: number,
  type: TypeRule,
  call: (args: Arguments, context: ScalarContext) => SqlValue,
): ScalarFunction {
  return {
    minArgs,
    maxArgs,
    type: rule(type),
    call: (values, types, context) =>
      values.includes(null) ? null : call(new Arguments(values, types), context),
  };
}

/** The function sees NULL arguments itself. */
export function lenient(
  minArgs: number,
  maxArgs: number,
  type: TypeRule,
  call: ScalarFunction['call'],
): ScalarFunction {
  return { minArgs, maxArgs, type: rule(type), call };
}

/** The type as text: character types as they are, others as varchar of what they need. */
export function asTextType(type: SqlType | undefined): SqlType {
  if (type === undefined) return { name: 'varchar', length: 1 };
  if (!isCharacter(type)) return { name: 'varchar', length: textLength(type) };
  return { name: isUnicode(type) ? 'nvarchar' : 'varchar', length: type.length ?? 'max' };
}

/** Text of a given length; unicode when any of the types is. */
export function textOfLength(types: readonly SqlType[], length: number | 'max'): SqlType {
  const unicode = types.some((type) => isUnicode(type));
  const most = unicode ? 4000 : 8000;
  return {
    name: unicode ? 'nvarchar' : 'varchar',
    length: length === 'max' ? 'max' : Math.max(1, Math.min(most, length)),
  };
}

/** The largest text that is not max, or max when one of the types is. */
export const longText = (types: readonly SqlType[]): SqlType =>
  textOfLength(types, types.some((type) => asTextType(type).length === 'max') ? 'max' : 8000);

/** A whole number that is known when the statement is compiled. */
export function literalInt(literals: readonly (SqlValue | undefined)[], at: number): number | undefined {
  const value = literals[at];
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

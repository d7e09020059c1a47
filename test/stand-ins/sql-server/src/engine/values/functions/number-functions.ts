/** Mathematical functions ("Mathematical functions"). Text arguments count as float. */
import type { SqlDecimal, SqlType, SqlValue } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { convertValue } from '../conversions/convert-value.ts';
import { fitsPrecision, powerOfTen } from '../basic/decimal.ts';
import { decimalShape, familyOf, integerRange, plainFamilyOf } from '../basic/type-facts.ts';
import { floatType, intType, lenient, strict, type Arguments } from './arguments.ts';
import type { ScalarFunction } from './scalar-function.ts';

/** What the functions that keep their type work in: small integers as int, bit and text as float, real as float. */
function workType(type: SqlType | undefined): SqlType {
  if (type === undefined) return floatType;
  switch (plainFamilyOf(type)) {
    case 'integer':
      return type.name === 'bigint' ? type : intType;
    case 'decimal':
      return type;
    case 'money':
      return { name: 'money' };
    case 'float':
    case 'bit':
    case 'character':
      return floatType;
    default:
      throw valueErrors.argumentTypeInvalid(type.name, 1, 'mathematical');
  }
}

const sameType: ScalarFunction['type'] = ([first]) => workType(first);

const wholeType: ScalarFunction['type'] = ([first]) => {
  const type = workType(first);
  return familyOf(type) === 'decimal'
    ? { name: type.name, precision: decimalShape(type).precision, scale: 0 }
    : type;
};

interface NumberRules {
  readonly double: (value: number) => number;
  /** On the unscaled value, for integers at scale 0. */
  readonly exact: (unscaled: bigint, scale: number) => bigint;
}

/** Applies the rule that suits the type of the first argument and checks the result. */
function byType(args: Arguments, rules: NumberRules, resultScale?: number): SqlValue {
  const type = workType(args.type(0));
  const value = convertValue(args.value(0), args.type(0), type);
  if (typeof value === 'number' && type.name === 'float') return finite(rules.double(value));
  if (typeof value === 'number' || typeof value === 'bigint')
    return whole(rules.exact(BigInt(value), 0), type);
  const { unscaled, scale } = value as SqlDecimal;
  const result = rules.exact(unscaled, scale);
  const target = familyOf(type) === 'money' ? scale : (resultScale ?? scale);
  const moved = target === scale ? result : result / powerOfTen(scale - target);
  if (!fitsPrecision(moved, decimalShape(type).precision))
    throw valueErrors.overflow(familyOf(type) === 'money' ? 'money' : 'numeric');
  return { unscaled: moved, scale: target };
}

function finite(value: number): number {
  if (Number.isNaN(value)) throw valueErrors.floatInvalid();
  if (!Number.isFinite(value)) throw valueErrors.overflow('float');
  return value;
}

function whole(value: bigint, type: SqlType): SqlValue {
  const { least, most } = integerRange(type);
  if (value < least || value > most) throw valueErrors.overflow(type.name);
  return type.name === 'bigint' ? value : Number(value);
}

const floorTo = (unscaled: bigint, unit: bigint): bigint => {
  const rest = unscaled % unit;
  return rest === 0n ? unscaled : unscaled - rest - (unscaled < 0n ? unit : 0n);
};

const ceiling: NumberRules = { double: Math.ceil, exact: (v, scale) => -floorTo(-v, powerOfTen(scale)) };
const floor: NumberRules = { double: Math.floor, exact: (v, scale) => floorTo(v, powerOfTen(scale)) };
const absolute: NumberRules = { double: Math.abs, exact: (v) => (v < 0n ? -v : v) };
const sign: NumberRules = {
  double: Math.sign,
  exact: (v, scale) => (v === 0n ? 0n : v < 0n ? -powerOfTen(scale) : powerOfTen(scale)),
};

/** `ROUND(number, length [, 1 = cut off])`: a negative length rounds left of the point. */
function rounding(length: number, truncate: boolean): NumberRules {
  return {
    double: (value) => roundDouble(value, length, truncate),
    exact: (unscaled, scale) => {
      if (length >= scale) return unscaled;
      const unit = powerOfTen(scale - length);
      const rest = unscaled % unit;
      const up = !truncate && (rest < 0n ? -rest : rest) * 2n >= unit;
      return unscaled - rest + (up ? (unscaled < 0n ? -unit : unit) : 0n);
    },
  };
}

function roundDouble(value: number, length: number, truncate: boolean): number {
  const factor = 10 ** Math.abs(length);
  const shifted = length >= 0 ? value * factor : value / factor;
  if (!Number.isFinite(shifted)) return value;
  const size = truncate ? Math.floor(Math.abs(shifted)) : Math.round(Math.abs(shifted));
  const rounded = Math.sign(shifted) * size;
  return length >= 0 ? rounded / factor : rounded * factor;
}

/** In the type of the base; a decimal or integer result is cut off to it. */
const power = strict(2, 2, sameType, (args) => {
  const type = workType(args.type(0));
  const base = convertValue(args.value(0), args.type(0), type);
  const exponent = args.float(1);
  if (Number.isInteger(exponent) && exponent >= 0 && exponent < 1024 && typeof base === 'object')
    return convertValue(
      exactPower(base as SqlDecimal, exponent),
      { name: 'decimal', precision: 38, scale: (base as SqlDecimal).scale },
      type,
    );
  if (familyOf(type) === 'integer' && Number.isInteger(exponent) && exponent >= 0 && exponent < 1024)
    return whole(BigInt(base as number | bigint) ** BigInt(exponent), type);
  return convertValue(finite(args.float(0) ** exponent), floatType, type);
});

function exactPower(base: SqlDecimal, exponent: number): SqlDecimal {
  const unscaled = base.unscaled ** BigInt(exponent);
  const extra = base.scale * (exponent - 1);
  return { unscaled: extra >= 0 ? unscaled / powerOfTen(extra) : powerOfTen(base.scale), scale: base.scale };
}

const double = (compute: (value: number) => number): ScalarFunction =>
  strict(1, 1, floatType, (args) => finite(compute(args.float(0))));

const log = strict(1, 2, floatType, (args) => {
  const value = Math.log(args.float(0));
  if (!Number.isFinite(value)) throw valueErrors.floatInvalid();
  return args.count > 1 ? finite(value / Math.log(args.float(1))) : value;
});

const log10 = strict(1, 1, floatType, (args) => {
  const value = Math.log10(args.float(0));
  if (!Number.isFinite(value)) throw valueErrors.floatInvalid();
  return value;
});

/** With a seed the number depends on it alone. */
const rand = lenient(0, 1, floatType, (values, _types, context) => {
  const seed = values[0];
  if (seed === undefined || seed === null) return context.random();
  const mixed = Math.sin(Number(seed) + 1) * 43_758.545_312_3;
  return mixed - Math.floor(mixed);
});

export const numberFunctions: readonly (readonly [string, ScalarFunction])[] = [
  ['ABS', strict(1, 1, sameType, (args) => byType(args, absolute))],
  ['SIGN', strict(1, 1, sameType, (args) => byType(args, sign))],
  ['CEILING', strict(1, 1, wholeType, (args) => byType(args, ceiling, 0))],
  ['FLOOR', strict(1, 1, wholeType, (args) => byType(args, floor, 0))],
  [
    'ROUND',
    strict(2, 3, sameType, (args) =>
      byType(args, rounding(args.int(1), args.count > 2 && args.int(2) !== 0)),
    ),
  ],
  ['POWER', power],
  ['SQRT', double(Math.sqrt)],
  ['SQUARE', double((value) => value * value)],
  ['EXP', double(Math.exp)],
  ['LOG', log],
  ['LOG10', log10],
  ['PI', lenient(0, 0, floatType, () => Math.PI)],
  ['RAND', rand],
  ['SIN', double(Math.sin)],
  ['COS', double(Math.cos)],
  ['TAN', double(Math.tan)],
  ['COT', double((value) => 1 / Math.tan(value))],
  ['ASIN', double(Math.asin)],
  ['ACOS', double(Math.acos)],
  ['ATAN', double(Math.atan)],
  ['ATN2', strict(2, 2, floatType, (args) => Math.atan2(args.float(0), args.float(1)))],
  ['DEGREES', double((value) => (value * 180) / Math.PI)],
  ['RADIANS', double((value) => (value * Math.PI) / 180)],
];

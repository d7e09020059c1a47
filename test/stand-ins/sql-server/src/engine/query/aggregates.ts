/** COUNT, SUM, AVG, MIN, MAX and STRING_AGG ("Aggregate functions"). NULLs are left out, except by COUNT(*). */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import { valueErrors } from '../errors/value-errors.ts';
import type { FunctionCall } from '../parser/ast.ts';
import { hashKey } from '../values/comparison/hash-key.ts';
import { comparer, type CompareOptions, converter, familyOf, operatorFor } from '../values/index.ts';
import { AGGREGATES } from './aggregate-names.ts';
import { compileExpression } from './compile-expression.ts';
import type { Frame } from './run.ts';
import type { Scope } from './scope.ts';
import { compileSortKeys, type SortKeys } from './sort.ts';

export interface Accumulator {
  add(frame: Frame): void;
  result(): SqlValue;
}

export interface Aggregate {
  readonly type: SqlType;
  start(): Accumulator;
}

export const isAggregate = (call: FunctionCall): boolean =>
  call.name.length === 1 && AGGREGATES.has(call.name[0]?.toUpperCase() ?? '');

export function compileAggregate(call: FunctionCall, scope: Scope): Aggregate {
  const name = call.name[0]?.toUpperCase() ?? '';
  if (call.star) return name.startsWith('COUNT') ? count(name) : fail(call);
  if (name === 'STRING_AGG') return stringAggregate(call, scope);
  const [only] = call.args;
  if (only === undefined || call.args.length !== 1) throw errors.argumentCount(name, 1);
  const { type, evaluate } = compileExpression(only, scope);
  const base = name.startsWith('COUNT')
    ? countValues(name, evaluate)
    : name === 'SUM'
      ? sum(type, evaluate)
      : name === 'AVG'
        ? average(type, evaluate)
        : extreme(name, type, evaluate, scope.collation);
  return call.distinct ? distinctOnly(base, evaluate, scope.collation.caseSensitive) : base;
}

function fail(call: FunctionCall): never {
  throw errors.syntax('*', call.line);
}

type Evaluate = (frame: Frame) => SqlValue;

const countType = (name: string): SqlType => ({ name: name === 'COUNT' ? 'int' : 'bigint' });

const countResult = (name: string, counted: number): SqlValue =>
  name === 'COUNT' ? counted : BigInt(counted);

function count(name: string): Aggregate {
  return {
    type: countType(name),
    start: () => {
      let counted = 0;
      return { add: () => void counted++, result: () => countResult(name, counted) };
    },
  };
}

function countValues(name: string, evaluate: Evaluate): Aggregate {
  return {
    type: countType(name),
    start: () => {
      let counted = 0;
      return {
        add: (frame) => {
          if (evaluate(frame) !== null) counted++;
        },
        result: () => countResult(name, counted),
      };
    },
  };
}

/** SUM of the smaller integers is an int, of decimals a decimal(38, s), of smallmoney money, of real float. */
function sumType(type: SqlType): SqlType {
  switch (familyOf(type)) {
    case 'integer':
      return type.name === 'bigint' ? type : { name: 'int' };
    case 'decimal':
      return { name: type.name, precision: 38, scale: type.scale ?? 0 };
    case 'money':
      return { name: 'money' };
    case 'float':
      return { name: 'float' };
    case 'binary':
    case 'bit':
    case 'character':
    case 'guid':
    case 'moment':
    case 'opaque':
    case 'variant':
    default:
      throw valueErrors.operandTypeInvalid(type.name, 'sum');
  }
}

function sum(type: SqlType, evaluate: Evaluate): Aggregate {
  const result = sumType(type);
  const convert = converter(type, result);
  const plus = operatorFor('+', result, result);
  const back = converter(plus.type, result);
  return {
    type: result,
    start: () => {
      let total: SqlValue = null;
      return {
        add: (frame) => {
          const value = convert(evaluate(frame));
          if (value !== null) total = total === null ? value : back(plus.apply(total, value));
        },
        result: () => total,
      };
    },
  };
}

/** AVG of decimals is a decimal(38, max(s, 6)). */
function average(type: SqlType, evaluate: Evaluate): Aggregate {
  const total = sum(type, evaluate);
  const counted = countValues('COUNT', evaluate);
  const isDecimal = familyOf(type) === 'decimal';
  const result: SqlType = isDecimal
    ? { name: 'decimal', precision: 38, scale: Math.max(type.scale ?? 0, 6) }
    : total.type;
  return {
    type: result,
    start: () => {
      const [sums, counts] = [total.start(), counted.start()];
      return {
        add: (frame) => {
          sums.add(frame);
          counts.add(frame);
        },
        result: () => {
          const all = sums.result();
          if (all === null) return null;
          const widened: SqlType = isDecimal
            ? { name: 'decimal', precision: 38, scale: result.scale ?? 6 }
            : total.type;
          const divide = operatorFor('/', widened, { name: 'int' });
          return converter(
            divide.type,
            result,
          )(divide.apply(converter(total.type, widened)(all), counts.result()));
        },
      };
    },
  };
}

function extreme(name: string, type: SqlType, evaluate: Evaluate, options: CompareOptions): Aggregate {
  if (type.name === 'bit' || familyOf(type) === 'opaque') {
    throw valueErrors.operandTypeInvalid(type.name, name.toLowerCase());
  }
  const compare = comparer(type, options);
  const sign = name === 'MIN' ? -1 : 1;
  return {
    type,
    start: () => {
      let best: SqlValue = null;
      return {
        add: (frame) => {
          const value = evaluate(frame);
          if (value !== null && (best === null || compare(value, best) * sign > 0)) best = value;
        },
        result: () => best,
      };
    },
  };
}

function distinctOnly(base: Aggregate, evaluate: Evaluate, caseSensitive: boolean): Aggregate {
  return {
    type: base.type,
    start: () => {
      const inner = base.start();
      const seen = new Set<string | number>();
      return {
        add: (frame) => {
          const key = hashKey(evaluate(frame), caseSensitive);
          if (seen.has(key)) return;
          seen.add(key);
          inner.add(frame);
        },
        result: () => inner.result(),
      };
    },
  };
}

function stringAggregate(call: FunctionCall, scope: Scope): Aggregate {
  const [value, separator] = call.args.map((arg) => compileExpression(arg, scope));
  if (value === undefined || separator === undefined) throw errors.argumentCount('string_agg', 2);
  const type: SqlType =
    value.type.name === 'varchar' || value.type.name === 'char'
      ? { name: 'varchar', length: value.type.length === 'max' ? 'max' : 8000 }
      : { name: 'nvarchar', length: value.type.length === 'max' ? 'max' : 4000 };
  const convert = converter(value.type, { name: type.name, length: 'max' });
  const sort: SortKeys | undefined =
    call.withinGroup &&
    compileSortKeys(
      call.withinGroup.map(({ expression, descending }) => ({
        compiled: compileExpression(expression, scope),
        descending,
      })),
      scope.collation,
    );
  return {
    type,
    start: () => {
      const parts: { text: string; keys: readonly SqlValue[] }[] = [];
      let between = '';
      return {
        add: (frame) => {
          const text = convert(value.evaluate(frame));
          if (text === null) return;
          between = (separator.evaluate(frame) as string | null) ?? '';
          parts.push({ text: text as string, keys: sort?.keysOf(frame) ?? [] });
        },
        result: () => {
          if (parts.length === 0) return null;
          if (sort !== undefined) parts.sort((a, b) => sort.compare(a.keys, b.keys));
          return parts.map(({ text }) => text).join(between);
        },
      };
    },
  };
}

/**
 * Checks an expression before it meets a change: names, functions, the number and, where they are known, the types of their
 * arguments, regular expressions, and that the result is a condition. What a column holds is known only for each change, so its
 * type is taken to be right. (The library's checker, version 0.6, knows constants and names only, and is not exported.)
 */
import type { CelFunc, parse } from '@bufbuild/cel';
import { plan, parse as parseText, isCelError } from '@bufbuild/cel';
import { nearest } from '@dstream/config/schema';
import { metadataFields } from '@dstream/core';
import { environment, variableNames } from './cel-environment.ts';

/** An expression, or a part of one. */
export type Expression = ReturnType<typeof parse>['expr'];

type Call = Extract<Expression['exprKind'], { case: 'callExpr' }>['value'];
type Constant = Extract<Expression['exprKind'], { case: 'constExpr' }>['value']['constantKind'];
type Select = Extract<Expression['exprKind'], { case: 'selectExpr' }>['value'];
type Comprehension = Extract<Expression['exprKind'], { case: 'comprehensionExpr' }>['value'];

/** What is wrong, and which part of the expression it is. */
export interface CelFault {
  readonly id: bigint;
  readonly text: string;
}

/** A name of CEL's types; `dyn` is not known before there is a change. */
type TypeName = string;

const unknownType: TypeName = 'dyn';

/** Names of types are values of CEL: `type(data.X) == string`. */
const typeNames = [
  'bool',
  'bytes',
  'double',
  'dyn',
  'google',
  'int',
  'list',
  'map',
  'null_type',
  'string',
  'type',
  'uint',
];

/** Macros inside macros multiply the steps of one evaluation. */
const maxMacroDepth = 2;

/** As CEL writes its operators, and as people do. */
const operators: ReadonlyMap<string, string> = new Map([
  ['@in', 'in'],
  ['!_', '!'],
  ['-_', '-'],
  ...['+', '-', '*', '/', '%', '<', '<=', '>', '>=', '==', '!='].map((sign): [string, string] => [
    `_${sign}_`,
    sign,
  ]),
]);

/** Undefined for nothing. */
export function checkCondition(expression: Expression): CelFault | undefined {
  const checker = new Checker();
  const type = checker.typeOf(expression, []);
  const [fault] = checker.faults;
  if (fault !== undefined || type === 'bool' || type === unknownType) return fault;
  return { id: expression.id, text: `the result is of type ${type}; a condition is true or false` };
}

class Checker {
  readonly faults: CelFault[] = [];
  #depth = 0;

  /** @param scope variables of the macros around */
  typeOf(expression: Expression | undefined, scope: readonly string[]): TypeName {
    if (expression === undefined) return unknownType;
    const { exprKind, id } = expression;
    switch (exprKind.case) {
      case 'constExpr':
        return this.#constant(exprKind.value.constantKind, id);
      case 'identExpr':
        return this.#name(exprKind.value.name, id, scope);
      case 'selectExpr':
        return this.#select(exprKind.value, id, scope);
      case 'callExpr':
        return this.#call(exprKind.value, id, scope);
      case 'listExpr':
        for (const element of exprKind.value.elements) this.typeOf(element, scope);
        return 'list';
      case 'structExpr':
        for (const { value } of exprKind.value.entries) this.typeOf(value, scope);
        return exprKind.value.messageName === '' ? 'map' : unknownType;
      case 'comprehensionExpr':
        return this.#macro(exprKind.value, id, scope);
      case undefined:
        return unknownType;
      default:
        return exprKind satisfies never;
    }
  }

  /** The library reads whole numbers of any size, and fails on them only at a change. */
  #constant({ case: kind, value }: Constant, id: bigint): TypeName {
    const type = constantTypes.get(kind) ?? unknownType;
    if (typeof value === 'bigint' && value !== in64Bits(value, kind === 'uint64Value'))
      this.#add(
        id,
        `the number is outside the range of ${type}, which has 64 bits; write a double such as 1e20`,
      );
    return type;
  }

  #name(name: string, id: bigint, scope: readonly string[]): TypeName {
    if (scope.includes(name) || isVariable(name)) return unknownType;
    if (typeNames.includes(name)) return name === 'google' ? unknownType : 'type';
    this.#add(id, unknown('name', name, [...variableNames, ...scope.filter((one) => !one.startsWith('@'))]));
    return unknownType;
  }

  #select({ operand, field, testOnly }: Select, id: bigint, scope: readonly string[]): TypeName {
    this.typeOf(operand, scope);
    const isMetadata = operand?.exprKind.case === 'identExpr' && operand.exprKind.value.name === 'metadata';
    if (isMetadata && !metadataFields.includes(field))
      this.#add(id, unknown('field of metadata', field, metadataFields));
    return testOnly ? 'bool' : unknownType;
  }

  #macro(macro: Comprehension, id: bigint, scope: readonly string[]): TypeName {
    this.#depth += 1;
    if (this.#depth > maxMacroDepth) this.#add(id, `macros are nested deeper than ${maxMacroDepth} levels`);
    this.typeOf(macro.iterRange, scope);
    const initial = this.typeOf(macro.accuInit, scope);
    const inside = [...scope, macro.iterVar, macro.accuVar];
    this.typeOf(macro.loopStep, inside);
    const result = this.typeOf(macro.result, inside);
    this.#depth -= 1;
    return result === unknownType ? initial : result;
  }

  #call({ function: name, target, args }: Call, id: bigint, scope: readonly string[]): TypeName {
    if (!isFunction(name)) {
      this.#add(id, unknown('function', name, functionNames()));
      return unknownType;
    }
    const given = args.map((arg) => this.typeOf(arg, scope));
    const on = target === undefined ? undefined : this.typeOf(target, scope);
    if (name === '_[_]' || name === '@not_strictly_false') return unknownType;
    if (name === '_?_:_') return this.#choice(given, args, id);
    if (name === '_&&_' || name === '_||_') return this.#logic(given, args);
    if (name === 'matches') this.#pattern(args[0]);
    return this.#function(name, on, given, id);
  }

  #choice(
    [condition = unknownType, one, other]: readonly TypeName[],
    args: readonly Expression[],
    id: bigint,
  ): TypeName {
    if (!fits(condition, 'bool'))
      this.#add(args[0]?.id ?? id, `a condition is true or false, not of type ${condition}`);
    return one !== undefined && one === other ? one : unknownType;
  }

  #logic(given: readonly TypeName[], args: readonly Expression[]): TypeName {
    for (const [index, arg] of args.entries()) {
      const type = given[index] ?? unknownType;
      if (!fits(type, 'bool')) this.#add(arg.id, `&& and || join conditions; this is of type ${type}`);
    }
    return 'bool';
  }

  #function(name: string, on: TypeName | undefined, given: readonly TypeName[], id: bigint): TypeName {
    const possible = overloadsOf(name, on, given);
    if (possible.length > 0) return commonResult(possible);
    const target = on === undefined ? '' : `${on}.`;
    const shown = operators.get(name) ?? name;
    this.#add(id, `${shown} does not take ${target}(${given.join(', ')})${converting(given)}`);
    return unknownType;
  }

  #pattern(arg: Expression | undefined): void {
    if (arg?.exprKind.case !== 'constExpr' || arg.exprKind.value.constantKind.case !== 'stringValue') return;
    const pattern = arg.exprKind.value.constantKind.value;
    const result = plan(environment, parseText('"".matches(pattern)'))({ pattern });
    if (isCelError(result)) this.#add(arg.id, `invalid regular expression: ${result.message}`);
  }

  #add(id: bigint, text: string): void {
    this.faults.push({ id, text });
  }
}

const constantTypes: ReadonlyMap<string | undefined, TypeName> = new Map([
  ['boolValue', 'bool'],
  ['bytesValue', 'bytes'],
  ['doubleValue', 'double'],
  ['int64Value', 'int'],
  ['nullValue', 'null_type'],
  ['stringValue', 'string'],
  ['uint64Value', 'uint'],
]);

function in64Bits(value: bigint, isUnsigned: boolean): bigint {
  return isUnsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
}

/** Operators that the planner knows without the library's functions. */
const ownOperators = ['_[_]', '_?_:_', '_&&_', '_||_', '@not_strictly_false'];

function isFunction(name: string): boolean {
  return ownOperators.includes(name) || environment.funcs.find(name) !== undefined;
}

/** The functions of a name that may be meant by these types. */
function overloadsOf(name: string, on: TypeName | undefined, given: readonly TypeName[]): readonly CelFunc[] {
  return [...(environment.funcs.find(name) ?? [])].filter(
    ({ target, arguments: wanted }) =>
      (target === undefined) === (on === undefined) &&
      (target === undefined || fits(on ?? unknownType, target.name)) &&
      wanted.length === given.length &&
      wanted.every((argument, index) => fits(given[index] ?? unknownType, argument.name)),
  );
}

function commonResult([first, ...others]: readonly CelFunc[]): TypeName {
  if (first === undefined || others.some(({ result }) => result.name !== first.result.name))
    return unknownType;
  return first.result.name;
}

function functionNames(): readonly string[] {
  const names = [...environment.funcs].map((func) => func.name).filter((name) => /^[a-zA-Z]/.test(name));
  return [...new Set([...names, 'has', 'all', 'exists', 'exists_one', 'map', 'filter'])];
}

function isVariable(name: string): boolean {
  return variableNames.some((one) => one === name);
}

function fits(given: TypeName, wanted: TypeName): boolean {
  return given === wanted || given === unknownType || wanted === unknownType;
}

function converting(given: readonly TypeName[]): string {
  return given.includes('string') ? '; convert texts with double(…) or int(…)' : '';
}

function unknown(what: string, name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const right = meant === undefined ? `there are ${known.join(', ')}` : `did you mean "${meant}"?`;
  return `unknown ${what} ${JSON.stringify(name)}; ${right}`;
}

/** Expressions without parts: literals, variables and columns. */
import { errors } from '../errors/errors.ts';
import type { Of } from './compile-part.ts';
import type { Compiled } from './compiled.ts';
import type { Evaluate, Frame } from './run.ts';
import type { Scope } from './scope.ts';

export function compileLiteral({ type, value }: Of<'literal'>): Compiled {
  const evaluate: Evaluate = () => value;
  return value === null
    ? { type, nullable: true, evaluate, untyped: true, constant: true }
    : { type, nullable: false, evaluate, constant: true };
}

export function compileVariable(name: string, scope: Scope): Compiled {
  const type = scope.compilation.variable(name);
  const key = name.toLowerCase();
  return {
    type,
    nullable: true,
    constant: true,
    evaluate: (frame) => frame.run.variables.get(key)?.value ?? null,
  };
}

export function compileColumn(expression: Of<'column'>, scope: Scope): Compiled {
  const reference = scope.resolve(expression.name);
  const { depth, slot, index, column } = reference;
  let owner: Scope | undefined = scope;
  for (let up = 0; up < depth; up++) owner = owner?.outer;
  const grouping = owner?.grouping;
  if (grouping !== undefined && slot !== grouping.slot) {
    const key = grouping.find(expression);
    if (key === undefined) throw errors.notGrouped(expression.name.join('.'));
    return { ...key, evaluate: atDepth(depth, key.evaluate) };
  }
  return { type: column.type, nullable: column.nullable, evaluate: readColumn(depth, slot, index) };
}

function readColumn(depth: number, slot: number, index: number): Evaluate {
  if (depth === 0) return (frame) => frame.slots[slot]?.[index] ?? null;
  if (depth === 1) return (frame) => frame.outer?.slots[slot]?.[index] ?? null;
  return atDepth(depth, (frame) => frame.slots[slot]?.[index] ?? null);
}

function atDepth(depth: number, evaluate: Evaluate): Evaluate {
  return (frame) => {
    let at: Frame | undefined = frame;
    for (let up = 0; up < depth; up++) at = at?.outer;
    if (at === undefined) throw new Error('A query ran outside of the frame it was compiled for.');
    return evaluate(at);
  };
}

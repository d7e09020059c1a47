/** The select list: values, stars and assignments to variables. */
import type { SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Expression, Name, SelectItem } from '../parser/ast.ts';
import { assignedValue } from './assigned-value.ts';
import { compileExpression } from './compile-expression.ts';
import type { Compiled, OutputColumn } from './compiled.ts';
import type { Frame } from './run.ts';
import { matches, type Scope } from './scope.ts';

export interface Item {
  readonly name: string;
  readonly expression: Expression | undefined;
  readonly compiled: Compiled;
  readonly identity: boolean;
}

/** Error 141: a SELECT assigns or returns rows, not both. */
export function requireOneKind(items: readonly SelectItem[]): boolean {
  const assigns = items.some((item) => item.kind === 'assign');
  if (assigns && items.some((item) => item.kind !== 'assign')) throw errors.assignAndReturn();
  return assigns;
}

export const outputColumn = ({ name, compiled, identity }: Item): OutputColumn => ({
  name,
  type: compiled.type,
  nullable: compiled.nullable,
  ...(identity && { identity }),
  ...(compiled.untyped === true && { untyped: true }),
});

export function compileItems(items: readonly SelectItem[], scope: Scope): Item[] {
  return items.flatMap((item): Item[] => {
    if (item.kind === 'star') return star(item.qualifier, scope);
    if (item.kind === 'assign') return [assignment(item, scope)];
    const { expression, alias } = item;
    const name = alias ?? (expression.kind === 'column' ? (expression.name.at(-1) ?? '') : '');
    const identity =
      expression.kind === 'column' && scope.grouping === undefined && isIdentity(expression.name, scope);
    return [{ name, expression, compiled: compileExpression(expression, scope), identity }];
  });
}

const isIdentity = (name: Name, scope: Scope): boolean => scope.resolve(name).column.identity === true;

function star(qualifier: Name | undefined, scope: Scope): Item[] {
  const tables =
    qualifier === undefined
      ? scope.tables
      : scope.tables.filter((table) => matches(table, qualifier, scope.fold));
  if (tables.length === 0 && qualifier !== undefined) throw errors.unknownPrefix(qualifier);
  return tables.flatMap(({ columns, slot, alias }) =>
    columns.map((column, index): Item => {
      const expression: Expression = { kind: 'column', name: [alias, column.name], line: 0 };
      const known = scope.grouping?.find(expression);
      if (scope.grouping !== undefined && known === undefined)
        throw errors.notGrouped(`${alias}.${column.name}`);
      const compiled = known ?? {
        type: column.type,
        nullable: column.nullable,
        evaluate: (frame: Frame) => frame.slots[slot]?.[index] ?? null,
      };
      return { name: column.name, expression, compiled, identity: column.identity === true };
    }),
  );
}

function assignment(item: Extract<SelectItem, { kind: 'assign' }>, scope: Scope): Item {
  const type = scope.compilation.variable(item.variable);
  const key = item.variable.toLowerCase();
  const value = assignedValue(item, scope);
  const evaluate = (frame: Frame): SqlValue => {
    const result = value(frame);
    const variable = frame.run.variables.get(key);
    if (variable !== undefined) variable.value = result;
    return result;
  };
  return { name: '', expression: undefined, compiled: { type, nullable: true, evaluate }, identity: false };
}

/**
 * sp_describe_undeclared_parameters: the types that the parameters of a statement take from what stands beside them.
 * A parameter has the type of the column that it is compared with, calculated with or stored in; another place is
 * error 11502, as what cannot be deduced is on a real server, which deduces more.
 */
import { listing } from '../catalogue/listing.ts';
import { maxLength, precisionOf, scaleOf, SYSTEM_TYPE_IDS } from '../values/basic/type-ids.ts';
import { types } from '../catalogue/view.ts';
import type { SqlType } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Expression, Name } from '../parser/ast.ts';
import { parseParameters } from '../parser/parse-parameters.ts';
import { parseBatch } from '../parser/parse-statement.ts';
import type { Statement } from '../parser/statement-ast.ts';
import type { InsertStatement } from '../parser/write-ast.ts';
import type { Compilation } from '../query/scope.ts';
import type { TableLike } from '../query/table-like.ts';
import { textOf } from '../query/text-of.ts';
import type { Column } from '../storage/table.ts';
import { typeText } from '../values/index.ts';
import type { Procedure } from '../query/procedure.ts';

const TEXT: SqlType = { name: 'nvarchar', length: 'max' };

export const describeUndeclaredParameters: Procedure = listing(
  [
    { name: '@tsql', type: TEXT, required: true },
    { name: '@params', type: TEXT },
  ],
  {
    parameter_ordinal: types.int,
    name: types.sysname,
    suggested_system_type_id: types.int,
    suggested_system_type_name: { name: 'nvarchar', length: 256 },
    suggested_max_length: types.smallint,
    suggested_precision: types.tinyint,
    suggested_scale: types.tinyint,
    suggested_user_type_id: types.int,
    suggested_user_type_database: types.sysname,
    suggested_user_type_schema: types.sysname,
    suggested_user_type_name: types.sysname,
    suggested_assembly_qualified_type_name: types.text,
    suggested_xml_collection_id: types.int,
    suggested_xml_collection_database: types.sysname,
    suggested_xml_collection_schema: types.sysname,
    suggested_xml_collection_name: types.sysname,
    suggested_is_xml_document: types.bit,
    suggested_is_case_sensitive: types.bit,
    suggested_is_fixed_length_clr_type: types.bit,
    suggested_is_input: types.bit,
    suggested_is_output: types.bit,
    formal_parameter_name: types.sysname,
  },
  function* ({ values, compilation }) {
    const params = values['@params'];
    const declared = typeof params === 'string' ? parseParameters(params) : [];
    const known = new Set(declared.map(({ name }) => name.toLowerCase()));
    const found = undeclared(parseBatch(textOf(values['@tsql'])), known, compilation);
    for (const [i, { name, type }] of found.entries())
      yield {
        parameter_ordinal: i + 1,
        name,
        suggested_system_type_id: SYSTEM_TYPE_IDS[type.name],
        suggested_system_type_name: typeText(type),
        suggested_max_length: maxLength(type),
        suggested_precision: precisionOf(type),
        suggested_scale: scaleOf(type),
        suggested_is_xml_document: false,
        suggested_is_case_sensitive: false,
        suggested_is_fixed_length_clr_type: false,
        suggested_is_input: true,
        suggested_is_output: false,
      };
  },
);

type TypedColumn = Pick<Column, 'name' | 'type'>;

interface Described {
  readonly name: string;
  readonly type: SqlType;
}

/** In the order in which they stand. Errors 11502, 11508. */
function undeclared(
  statements: readonly Statement[],
  declared: ReadonlySet<string>,
  compilation: Compilation,
): Described[] {
  const names = [...nodes(statements)].flatMap((node) =>
    isVariable(node) && !declared.has(node.name.toLowerCase()) ? [node.name] : [],
  );
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw errors.parameterTwice(twice);
  const deduced = new Map<string, SqlType>();
  const columns = [...columnsIn(statements, compilation)];
  for (const node of nodes(statements))
    for (const [expression, type] of places(node, columns, compilation))
      if (isVariable(expression)) deduced.set(expression.name, type);
  return names.map((name) => {
    const type = deduced.get(name);
    if (type === undefined) throw errors.parameterNotDeduced(name);
    return { name, type };
  });
}

type Node = Readonly<Record<string, unknown>>;
type Variable = Extract<Expression, { kind: 'variable' }>;

const isVariable = (node: unknown): node is Variable =>
  typeof node === 'object' && node !== null && 'kind' in node && node.kind === 'variable';

/** Every object of a syntax tree, from the left to the right. */
function* nodes(tree: unknown): Generator<Node> {
  if (typeof tree !== 'object' || tree === null) return;
  if (!Array.isArray(tree)) yield tree as Node;
  for (const part of Object.values(tree)) yield* nodes(part);
}

const columnsOf = (found: TableLike): readonly TypedColumn[] =>
  found.kind === 'virtual' ? found.columns : found.table.columns;

/** The columns of all tables that are read or written anywhere in the statements. */
function* columnsIn(statements: readonly Statement[], compilation: Compilation): Generator<TypedColumn> {
  for (const node of nodes(statements)) {
    const name = tableNamed(node);
    if (name !== undefined) yield* columnsOf(compilation.table(name));
  }
}

function tableNamed(node: Node): Name | undefined {
  if (node['kind'] === 'table') return node['name'] as Name;
  if (node['kind'] === 'insert') return node['table'] as Name;
  return node['kind'] === 'update' || node['kind'] === 'delete' ? (node['target'] as Name) : undefined;
}

/** Expressions that a node holds, each with the type that its place asks for. */
function* places(
  node: Node,
  columns: readonly TypedColumn[],
  compilation: Compilation,
): Generator<readonly [unknown, SqlType]> {
  const { fold } = compilation.database.collation;
  const typeOf = (name: string): SqlType | undefined =>
    columns.find((column) => fold(column.name) === fold(name))?.type;
  if (node['kind'] === 'insert') yield* insertPlaces(node as unknown as InsertStatement, compilation);
  for (const [asks, given] of pairs(node)) {
    const type = asks === undefined ? undefined : typeOf(asks);
    if (type !== undefined) yield [given, type];
  }
}

/** The name of a column, and what stands beside it. */
function* pairs(node: Node): Generator<readonly [string | undefined, unknown]> {
  const { left, right, operand, pattern, list, target, value } = node;
  yield [columnName(left), right];
  yield [columnName(right), left];
  yield [columnName(operand), pattern];
  if (Array.isArray(list)) for (const each of list) yield [columnName(operand), each];
  if (typeof target === 'string') yield [target, value];
}

function columnName(node: unknown): string | undefined {
  const { kind, name } = (node ?? {}) as { readonly kind?: string; readonly name?: Name };
  return kind === 'column' ? name?.at(-1) : undefined;
}

function* insertPlaces(
  { table, columns: named, source }: InsertStatement,
  compilation: Compilation,
): Generator<readonly [unknown, SqlType]> {
  if (source.kind !== 'rows') return;
  const { fold } = compilation.database.collation;
  const columns = columnsOf(compilation.table(table));
  const targets = named?.map((name) => columns.find((column) => fold(column.name) === fold(name))) ?? columns;
  for (const row of source.rows)
    for (const [i, value] of row.entries()) {
      const column = targets[i];
      if (column !== undefined) yield [value, column.type];
    }
}

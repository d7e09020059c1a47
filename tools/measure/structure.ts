/** What a source file exports, which of that carries a docstring, and how long its functions are. */
import type { Expression, Node, SourceFile, Statement } from 'typescript/unstable/ast';
import {
  isAccessorDeclaration,
  isArrowFunction,
  isClassDeclaration,
  isConstructorDeclaration,
  isEnumDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isPropertyAssignment,
  isPropertyDeclaration,
  isTypeAliasDeclaration,
  isVariableDeclaration,
  isVariableStatement,
  SyntaxKind,
} from 'typescript/unstable/ast';

export interface Export {
  readonly name: string;
  readonly line: number;
  /** A comment of the form `/** … *\/` is directly before it. */
  readonly documented: boolean;
}

export interface NamedFunction {
  readonly name: string;
  readonly line: number;
  /** From its first line to its closing brace; comments before it do not count. */
  readonly lines: number;
}

export interface Structure {
  readonly lines: number;
  readonly exports: readonly Export[];
  readonly functions: readonly NamedFunction[];
}

/** Re-exports are not exports: the file that declares is where a reader looks for the docstring. */
export function structureOf(file: SourceFile): Structure {
  return { lines: countLines(file.text), exports: exportsOf(file), functions: functionsOf(file) };
}

export function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/** Counts from 1. */
function lineOf(file: SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line + 1;
}

/** The signatures of an overloaded function are one export, documented when one of them is. */
function exportsOf(file: SourceFile): readonly Export[] {
  const found = new Map<string, Export>();
  for (const statement of file.statements) {
    for (const name of exportedNames(statement, file)) {
      const documented = hasDocstring(statement) || found.get(name)?.documented === true;
      const line = found.get(name)?.line ?? lineOf(file, statement.getStart(file));
      found.set(name, { name, line, documented });
    }
  }
  return [...found.values()];
}

function exportedNames(statement: Statement, file: SourceFile): readonly string[] {
  if (isVariableStatement(statement))
    return isExported(statement)
      ? statement.declarationList.declarations.map(({ name }) => name.getText(file))
      : [];
  const declares =
    isFunctionDeclaration(statement) ||
    isClassDeclaration(statement) ||
    isInterfaceDeclaration(statement) ||
    isTypeAliasDeclaration(statement) ||
    isEnumDeclaration(statement);
  return declares && isExported(statement) ? [statement.name?.getText(file) ?? 'default'] : [];
}

function isExported({ modifiers }: { readonly modifiers?: Iterable<Node> | undefined }): boolean {
  return [...(modifiers ?? [])].some(({ kind }) => kind === SyntaxKind.ExportKeyword);
}

function hasDocstring(statement: Statement): boolean {
  return (statement.jsDoc ?? []).length > 0;
}

/** Callbacks without a name belong to the function around them. */
function functionsOf(file: SourceFile): readonly NamedFunction[] {
  const functions: NamedFunction[] = [];
  const visit = (node: Node): void => {
    const name = nameOfFunction(node, file);
    if (name !== undefined) {
      const line = lineOf(file, node.getStart(file));
      functions.push({ name, line, lines: lineOf(file, node.end) - line + 1 });
    }
    node.forEachChild(visit);
  };
  visit(file);
  return functions;
}

/** Undefined when the node is no function, has no body, or has no name. */
function nameOfFunction(node: Node, file: SourceFile): string | undefined {
  if (isVariableDeclaration(node) || isPropertyDeclaration(node) || isPropertyAssignment(node))
    return isFunctionValue(node.initializer) ? node.name.getText(file) : undefined;
  if (isConstructorDeclaration(node)) return node.body === undefined ? undefined : 'constructor';
  const declares = isFunctionDeclaration(node) || isMethodDeclaration(node) || isAccessorDeclaration(node);
  return declares && node.body !== undefined ? node.name?.getText(file) : undefined;
}

function isFunctionValue(value: Expression | undefined): boolean {
  return value !== undefined && (isArrowFunction(value) || isFunctionExpression(value));
}

/** What the parser refuses: it knows the line. */
import { SqlError } from './sql-error.ts';

/** Adds the line that it was found on to an error of the parser. */
export class SyntaxErrorAt extends SqlError {
  readonly line: number;

  constructor(number: number, severity: number, state: number, message: string, line: number) {
    super(number, message, severity, state);
    this.line = line;
  }
}

export const syntaxErrors = {
  syntax: (near: string, line: number) =>
    new SyntaxErrorAt(102, 15, 1, `Incorrect syntax near '${near}'.`, line),
  syntaxKeyword: (keyword: string, line: number) =>
    new SyntaxErrorAt(156, 15, 1, `Incorrect syntax near the keyword '${keyword}'.`, line),
  unclosedQuote: (text: string, line: number) =>
    new SyntaxErrorAt(
      105,
      15,
      1,
      `Unclosed quotation mark after the character string '${text.slice(0, 128)}'.`,
      line,
    ),
  /** "MSSQLSERVER_1038": `[]` and `""` name nothing, also where the statement would not be run. */
  emptyName: (line: number) =>
    new SyntaxErrorAt(
      1038,
      15,
      4,
      'An object or column name is missing or empty. For SELECT INTO statements, verify each column has a name. For other statements, ' +
        'look for empty alias names. Aliases defined as "" or [] are not allowed. Change the alias to a valid name.',
      line,
    ),
  unclosedComment: (line: number) => new SyntaxErrorAt(113, 15, 1, "Missing end comment mark '*/'.", line),
  mergeUnterminated: (line: number) =>
    new SyntaxErrorAt(10713, 15, 1, 'A MERGE statement must be terminated by a semi-colon (;).', line),
  unknownType: (name: string, line: number) =>
    new SyntaxErrorAt(2715, 16, 6, `Column, parameter, or variable: Cannot find data type ${name}.`, line),
  unknownSetOption: (name: string, line: number) =>
    new SyntaxErrorAt(195, 15, 5, `'${name}' is not a recognized SET option.`, line),
} as const;

/**
 * HCL text into plain values. The only file that knows the parser, `@cdktf/hcl2json` (HashiCorp's own Go parser in
 * WebAssembly, whose packaging has been retired).
 *
 * Calling it in the process that stays would cost about 65 MB of resident memory for good and leave `fs`, `require`
 * and `Go` in the global scope, so `parseHclApart` does it in a process that ends.
 */
import type { Json, JsonObject } from './hcl-document.ts';

/** A file's first syntax error. The parser's later ones are mostly consequences of it. */
export interface SyntaxProblem {
  readonly line: number;
  readonly summary: string;
  readonly detail: string;
}

/** Either the values of the file or its first syntax error. */
export type Parsed = { readonly values: JsonObject } | { readonly problem: SyntaxProblem };

/** Resolves with a `problem` for what is not HCL; does not reject for anything a text can hold. */
export type HclParser = (text: string) => Promise<Parsed>;

/** Stands for the file in the parser's messages: a name that no message holds by chance. */
const placeholder = '~file~';

/** Parses in this process. The module is loaded at the first call: it takes about 0.1 s and 65 MB. */
export const parseHcl: HclParser = async (text) => {
  const { parse } = await import('@cdktf/hcl2json');
  try {
    return { values: (await parse(placeholder, text)) as Readonly<Record<string, Json>> };
  } catch (error) {
    return { problem: asSyntaxProblem(error instanceof Error ? error.message : String(error)) };
  }
};

/** `parse config: [FILE:2,1-2: Summary; Detail FILE:3,…]`: one string for all, as seen in version 0.21. */
const diagnostic = /~file~:(\d+),[\d,-]+: ([^;]*); (.*?)(?= ~file~:\d+,[\d,-]+: |\]$|$)/s;

function asSyntaxProblem(message: string): SyntaxProblem {
  const [, line, summary, detail] = diagnostic.exec(message) ?? [];
  if (line === undefined || summary === undefined || detail === undefined) {
    return {
      line: 1,
      summary: 'The text cannot be read as HCL',
      detail: message.replaceAll(placeholder, 'the file'),
    };
  }
  return { line: Number(line), summary, detail: detail.replaceAll(`${placeholder}:`, 'line ') };
}

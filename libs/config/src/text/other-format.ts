/** Recognises a file in another language than HCL, which every converter of configurations produces some day. */
import type { Place } from './hcl-document.ts';

interface Format {
  readonly name: string;
  readonly pattern: RegExp;
}

/** Of the first line that is neither blank nor a comment. None of them can begin a file in HCL. */
const formats: readonly Format[] = [
  { name: 'JSON', pattern: /^(?:\{|\[\s*(?:\{|$))/ },
  { name: 'TOML', pattern: /^\[\[?\s*[\w."-]+(?:\s*\.\s*[\w."-]+)*\s*\]\]?\s*(?:#.*)?$/ },
  { name: 'YAML', pattern: /^(?:---|- |["']?[\w-]+["']?:(?:\s|$))/ },
];

/** The shell's `${NAME:-default}`, which HCL cannot even parse. */
const shellDefault = /(?<!\$)\$\{([A-Za-z_]\w*):?[-=?+:]/;

/** What is wrong with a line that HCL's parser refuses because it is the shell's language. */
export function shellProblem(text: string, line: number): string | undefined {
  const variable = shellDefault.exec(text.split('\n')[line - 1] ?? '')?.[1];
  if (variable === undefined) return undefined;
  return `defaults of variables are not supported; write {{ env "${variable}" }}`;
}

/** A file of keys is TOML as soon as it has the heading of a table. */
const tomlHeading = /^\[\[?[\w.-]+\]\]?$/;

/** What a file that is not HCL is instead, and where one sees it; undefined when it cannot be recognised. */
export function otherFormat(text: string): (Place & { readonly problem: string }) | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const first = lines.findIndex((line) => line !== '' && !/^(?:#|\/\/)/.test(line));
  const format = formats.find(({ pattern }) => pattern.test(lines[first] ?? ''));
  if (format !== undefined) return found(format.name, first);
  const heading = lines.findIndex((line) => tomlHeading.test(line));
  return heading < 0 ? undefined : found('TOML', heading);
}

function found(name: string, index: number) {
  const right = 'write HCL: blocks such as ingester { … } with keys such as db_type = "sqlserver"';
  return { line: index + 1, path: '', problem: `the file is ${name}; ${right}` };
}

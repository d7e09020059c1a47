/** Go templates in strings, of which the original's users know `{{ env "X" }}`. Applied after parsing: a variable's value never becomes HCL. */

/** The variables of the process, or those of a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A text whose variables were replaced, and what was found on the way. */
export interface Expansion {
  readonly text: string;
  /** Variables that the text names. */
  readonly variables: readonly string[];
  /** Those of them that are not set or empty. */
  readonly unset: readonly string[];
  /** What is wrong; what would be right. */
  readonly faults: readonly string[];
}

/** Templates that are allowed in names of destinations. They are filled in for each change, so they are kept here. */
const tableParts = ['server', 'database', 'schema', 'table'] as const;

/** A part of who a table is, as `{{ … }}` names it in the name of a destination. */
export type TablePart = (typeof tableParts)[number];

/** The same of one change: its operation, and the value of a column. */
export type NamePart = TablePart | 'operation' | `data.${string}` | `key.${string}`;

/** Without braces, which end a template, and without the dash that may stand before its end. */
const columnPart = /^(?:data|key)\.[^\s{}](?:[^{}]*[^\s{}])?$/;

const template = /\{\{-?\s*(.*?)\s*-?\}\}/gs;
const envCall = /^env\s+(?:"([^"]+)"|`([^`]+)`)$/;

/** @param keepsNames whether `{{ table }}` and its like are allowed */
export function expandTemplates(text: string, env: Environment, keepsNames: boolean): Expansion {
  const variables: string[] = [];
  const unset: string[] = [];
  const faults: string[] = [];
  const expanded = text.replaceAll(template, (whole, inner: string) => {
    const [, quoted, backticked] = envCall.exec(inner) ?? [];
    const variable = quoted ?? backticked;
    if (variable === undefined) {
      if (!keepsNames || !isName(inner)) faults.push(unknownTemplate(inner, keepsNames));
      return whole;
    }
    const value = Object.hasOwn(env, variable) ? (env[variable] ?? '') : '';
    variables.push(variable);
    if (value === '') unset.push(variable);
    return value === '' ? whole : value;
  });
  if (text.replaceAll(template, '').includes('{{')) {
    faults.push('unclosed template; write {{ env "NAME" }}');
  }
  return { text: expanded, variables, unset, faults };
}

/** Fills in what `expandTemplates` has kept. */
export function fillNames(text: string, valueOf: (part: NamePart) => string): string {
  return text.replaceAll(template, (whole, inner: string) => (isName(inner) ? valueOf(inner) : whole));
}

/** A template in pieces: text as it is, and what is filled in between. */
export function templatePieces(text: string): readonly (string | { readonly part: NamePart })[] {
  const pieces: (string | { readonly part: NamePart })[] = [];
  let end = 0;
  for (const match of text.matchAll(template)) {
    const [whole, inner = ''] = match;
    if (!isName(inner)) continue;
    pieces.push(text.slice(end, match.index), { part: inner });
    end = match.index + whole.length;
  }
  return [...pieces, text.slice(end)].filter((piece) => piece !== '');
}

function isName(inner: string): inner is NamePart {
  return isTablePart(inner) || inner === 'operation' || columnPart.test(inner);
}

/** False: the part differs between the changes of a table. */
export function isTablePart(part: string): part is TablePart {
  return tableParts.some((name) => name === part);
}

function unknownTemplate(inner: string, keepsNames: boolean): string {
  const unquoted = /^env\s+([A-Za-z_]\w*)$/.exec(inner)?.[1];
  if (unquoted !== undefined) {
    return `the variable name is not quoted; write {{ env "${unquoted}" }}`;
  }
  if (isName(inner)) {
    return `{{ ${inner} }} is supported only in names of destinations and in columns that are set; write {{ env "NAME" }} or plain text`;
  }
  const names = keepsNames ? [...tableParts, 'operation', 'data.COLUMN', 'key.COLUMN'] : [];
  const known = ['env "NAME"', ...names].map((name) => `{{ ${name} }}`);
  const shown = /^[\w ."`/-]{1,40}$/.test(inner) ? ` {{ ${inner} }}` : '';
  return `unknown template${shown}; expected ${known.length > 1 ? 'one of ' : ''}${known.join(', ')}`;
}

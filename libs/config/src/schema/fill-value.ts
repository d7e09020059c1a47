/** From what the parser gives to what the schema reads: expressions refused, variables filled in. */
import type { Context } from './context.ts';
import {
  isJsonObject,
  type AttributeNode,
  type Json,
  type JsonObject,
  type Place,
} from '../text/hcl-document.ts';
import type { Key } from './schema.ts';
import { expandTemplates } from './templates.ts';
import type { Given } from '../values/value-type.ts';

/** Undefined when the value is wrong (then a problem says so) or not known, because a variable is not set. */
export function fillValue(node: AttributeNode, key: Key<unknown>, context: Context): Given | undefined {
  if (node.value === null) {
    context.problems.add(node, 'null is not supported; remove the key');
    return undefined;
  }
  return fill(node.value, node, key, context, node.items);
}

interface Written extends Place {
  readonly quoted: boolean;
}

function fill(
  value: Json,
  at: Written,
  key: Key<unknown>,
  context: Context,
  written: AttributeNode['items'],
): Given | undefined {
  if (typeof value === 'string') return fillText(value, at, key, context);
  if (isJsonObject(value)) return fillObject(value, at, key, context);
  if (!Array.isArray(value)) return given(value, shownValue(value), false);
  const items = (value as readonly Json[]).map((item, index) =>
    fill(item, { ...at, ...written[index] }, key, context, []),
  );
  const known = items.filter((item) => item !== undefined);
  if (known.length < items.length) return undefined;
  return { value: known.map((item) => item.value), shown: 'a list', fromVariable: false, items: known };
}

function fillObject(value: JsonObject, at: Written, key: Key<unknown>, context: Context): Given | undefined {
  const filled = Object.entries(value).map(
    ([name, inner]) => [name, fill(inner, at, key, context, [])] as const,
  );
  const entries = new Map(filled.flatMap(([name, inner]) => (inner === undefined ? [] : [[name, inner]])));
  if (entries.size < filled.length) return undefined;
  const values = Object.fromEntries([...entries].map(([name, inner]) => [name, inner.value]));
  return { value: values, shown: shownValue(value), fromVariable: false, items: [], entries };
}

function fillText(text: string, at: Written, key: Key<unknown>, context: Context): Given | undefined {
  const expression = expressionProblem(text, at.quoted);
  if (expression !== undefined) {
    context.problems.add(at, expression);
    return undefined;
  }
  // The parser leaves HCL's escapes for `${` and `%{` as they are.
  const literal = text.replaceAll('$${', '${').replaceAll('%%{', '%{');
  const expansion = expandTemplates(literal, context.env, key.keepsNames);
  for (const fault of expansion.faults) context.problems.add(at, fault);
  for (const variable of expansion.unset) reportUnset(variable, at, context);
  if (expansion.faults.length > 0 || expansion.unset.length > 0) return undefined;
  const [variable] = expansion.variables;
  if (variable !== undefined) return given(expansion.text, `the value of ${variable}`, true);
  return given(literal, key.secret ? 'the value' : shownText(literal), false);
}

function given(value: Json, shown: string, fromVariable: boolean): Given {
  return { value, shown, fromVariable, items: [] };
}

/** The shell's `$NAME`, as a whole value: a table may begin with "$", but hardly in capitals. */
const shellVariable = /^\$([A-Z][A-Z0-9_]+)$/;
/** `${NAME}`, `${NAME:-default}`, `${env.NAME}`, `${env:NAME}`. */
const bracedVariable = /(?<!\$)\$\{(?:env[.:])?([A-Za-z_]\w*)(?::?[-=?+][^}]*)?\}/;

/** `env("X")` and its like, which the parser turns into the text of a template. */
function expressionProblem(text: string, quoted: boolean): string | undefined {
  if (shellVariable.test(text)) return notEvaluated(text, shellVariable.exec(text)?.[1], quoted);
  const expression = /(?<!\$)\$\{(.*)\}|(?<!%)%\{/s.exec(text);
  if (expression === null) return undefined;
  const whole = /^\$\{(.*)\}$/s.exec(text)?.[1] ?? '';
  const called = /^env\("(\w+)"\)$/.exec(whole)?.[1];
  if (called !== undefined) return notEvaluated(`env("${called}")`, called, quoted);
  if (!quoted && /^[A-Za-z_][\w-]*$/.test(whole)) return `${whole} is not quoted; write "${whole}"`;
  const braced = bracedVariable.exec(text)?.[1];
  if (braced !== undefined) return notEvaluated(`\${${braced}}`, braced, quoted);
  return 'expressions are not supported; write a plain value, or "{{ env "NAME" }}" for a variable';
}

function notEvaluated(written: string, variable = 'NAME', quoted = true): string {
  const template = `{{ env "${variable}" }}`;
  return `${written} is not supported; write ${quoted ? template : `"${template}"`}`;
}

function reportUnset(variable: string, at: Place, context: Context): void {
  const isEmpty = Object.hasOwn(context.env, variable) && context.env[variable] === '';
  const text = `the variable ${variable} is ${isEmpty ? 'empty' : 'not set'}`;
  const problem = `${text}; set it in the environment`;
  if (context.demand === 'use') context.problems.add(at, problem);
  if (context.demand !== 'validate') return;
  context.problems.addUnready(at, text);
  context.unset.add(at, problem);
}

const longestShown = 60;

/** A secret may be at a wrong key: what looks like a secret is not repeated. */
function shownText(text: string): string {
  const looksSecret = /(?:key|password|pwd|signature|secret|token)\s*=|:\/\/[^/]*@/i.test(text);
  // Keys of Azure services are 44 or 88 characters of base64.
  const looksLikeKey = /^[A-Za-z0-9+/_-]{40,}=*$/.test(text);
  return looksSecret || looksLikeKey || text.length > longestShown ? 'the value' : JSON.stringify(text);
}

function shownValue(value: Json): string {
  if (isJsonObject(value)) return 'an object';
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) return 'the number';
  return JSON.stringify(value);
}

/** Reads JSON in a column, exactly: a number of which JavaScript would lose digits stays as it is written. */
import { DStreamError, exactNumber, type Json } from '@dstream/core';

/** Deeper JSON is refused: what reads an envelope accepts 32 levels, the envelope included. */
const maxDepth = 24;

/**
 * What a value of a column holds: the JSON of a text, and any other value as it is. A number that is not exact in JavaScript
 * becomes text, as numbers beyond it are everywhere in an envelope.
 * @throws TransformFailed, which names the column and repeats nothing of the text
 */
export function parsedJson(column: string, value: Json): Json {
  if (typeof value !== 'string') return value;
  const parsed = parse(column, value);
  if (isDeeper(parsed, maxDepth)) throw failed(column, `its JSON is nested deeper than ${maxDepth} levels`);
  return parsed;
}

function parse(column: string, text: string): Json {
  try {
    return JSON.parse(text, exactly) as Json;
  } catch {
    // The error of the engine quotes the text.
    throw failed(column, 'the text is not JSON');
  }
}

/** The reviver of JSON.parse gets the source of plain values (ECMAScript proposal "JSON.parse source text access", in Node 22). */
function exactly(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return exactNumber(context.source) ?? context.source;
}

function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return (
    levels === 0 ||
    Object.values(value as Readonly<Record<string, Json>>).some((inner) => isDeeper(inner, levels - 1))
  );
}

function failed(column: string, why: string): DStreamError {
  return new DStreamError('TransformFailed', `column ${column}: ${why}`);
}

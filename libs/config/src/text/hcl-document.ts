/** The scan (places) and the parse (values) of one file, joined into one tree. */
import type { ScannedValue } from './hcl-cursor.ts';
import type { ScannedAttribute, ScannedBlock, ScannedBody } from './scan-hcl.ts';

/** A line of the file, and the path of the block or key there. Empty: the file itself. */
export interface Place {
  readonly line: number;
  readonly path: string;
}

/** A key of the file, with its value and its place. */
export interface AttributeNode {
  readonly key: string;
  readonly path: string;
  readonly line: number;
  readonly value: Json;
  /** It begins with a quote: `"info"`, not `info`. */
  readonly quoted: boolean;
  /** Of a list. */
  readonly items: readonly ScannedValue[];
}

/** A block of the file, with everything in it and its place. */
export interface BlockNode {
  readonly type: string;
  /** As the file spells it: `publisher.output.orders`. Of the whole file: empty. */
  readonly path: string;
  readonly labels: readonly string[];
  readonly line: number;
  readonly attributes: readonly AttributeNode[];
  readonly blocks: readonly BlockNode[];
}

/** The file as a block without name. */
export function joinDocument(body: ScannedBody, values: Json): BlockNode {
  return { type: '', labels: [], line: 1, ...joinBody('', body, values) };
}

function joinBody(path: string, body: ScannedBody, values: Json | undefined) {
  return {
    path,
    attributes: body.attributes.map((attribute) => joinAttribute(path, attribute, values)),
    blocks: body.blocks.map((block) => joinBlock(path, block, body.blocks, values)),
  };
}

function joinAttribute(
  parent: string,
  { key, parsedKey, ...scanned }: ScannedAttribute,
  values: Json | undefined,
): AttributeNode {
  return { ...scanned, key, path: childPath(parent, key), value: own(values, parsedKey) ?? null };
}

/** The parser lists the blocks of one type in the order of the file; their labels are blanked. */
function joinBlock(
  parent: string,
  block: ScannedBlock,
  siblings: readonly ScannedBlock[],
  values: Json | undefined,
): BlockNode {
  const { type, labels, line } = block;
  const index = siblings.filter((s) => s.type === type).indexOf(block);
  const path = childPath(parent, blockName(block, siblings));
  return { type, labels, line, ...joinBody(path, block, own(own(values, type), index)) };
}

/** `output.orders` with a label that is a name; else `overrides`, or `overrides[1]` where there are several. */
export function blockName(block: ScannedBlock, siblings: readonly ScannedBlock[]): string {
  const label = nameOf(block);
  if (label !== undefined) return `${block.type}.${label}`;
  const alike = siblings.filter((s) => s.type === block.type && nameOf(s) === undefined);
  return alike.length > 1 ? `${block.type}[${alike.indexOf(block)}]` : block.type;
}

/** Any other label is reported as a problem, and may hold anything. */
function nameOf({ labels: [label] }: ScannedBlock): string | undefined {
  return label !== undefined && /^[\w-]+$/.test(label) ? label : undefined;
}

/** The path of a key or block inside the one at `parent`. */
export function childPath(parent: string, name: string): string {
  return parent === '' ? name : `${parent}.${name}`;
}

/** The path of the innermost block around a line, for errors of the syntax. */
export function pathAtLine(line: number, body: ScannedBody, parent = ''): string {
  const around = body.blocks.find((block) => block.line <= line && line <= block.endLine);
  return around === undefined
    ? parent
    : pathAtLine(line, around, childPath(parent, blockName(around, body.blocks)));
}

/** A value as the parser gives it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** An object as the parser gives it. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Neither null, nor a list, nor a single value. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The array's or the object's own element; never something inherited, whatever the key. */
export function own(value: Json | undefined, key: string | number): Json | undefined {
  if (Array.isArray(value)) return typeof key === 'number' ? (value as readonly Json[])[key] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

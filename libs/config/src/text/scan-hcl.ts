/**
 * What the parser does not report: the place of every key and block, in the order of the file, and duplicates. It also rewrites what the parser would refuse or merge: the bare quotes of `"{{ env "X" }}"` are escaped,
 * labels are blanked (they are kept here) and a key that is set again gets another name. Lines never move.
 *
 * It understands just enough of HCL's native syntax to find its way: strings with templates, heredocs, comments,
 * brackets. It never fails; what it cannot understand it skips, and the parser reports what is wrong there.
 */
import { HclCursor, type ScannedValue } from './hcl-cursor.ts';

/** A key and where it is. */
export interface ScannedAttribute {
  readonly key: string;
  /** The name in the parser's result: differs from `key` where the key was set before. */
  readonly parsedKey: string;
  readonly line: number;
  readonly quoted: boolean;
  /** Of a list. */
  readonly items: readonly ScannedValue[];
}

/** A block, where it begins and ends, and what it holds. */
export interface ScannedBlock extends ScannedBody {
  readonly type: string;
  readonly labels: readonly string[];
  readonly line: number;
  readonly endLine: number;
}

/** The keys and blocks between two braces, or of the whole file, each in the order of the file. */
export interface ScannedBody {
  readonly attributes: readonly ScannedAttribute[];
  readonly blocks: readonly ScannedBlock[];
}

/** What one pass over the text found. */
export interface Scan {
  /** The text for the parser. */
  readonly text: string;
  readonly body: ScannedBody;
  /** How deep brackets and templates nest. */
  readonly depth: number;
}

/** Scans a whole file. It never fails: what it cannot understand is left to the parser. */
export function scanHcl(text: string): Scan {
  const cursor = new HclCursor(text);
  const body = scanBody(cursor);
  return { text: cursor.edited(), body, depth: cursor.deepest };
}

interface OpenBody {
  readonly attributes: ScannedAttribute[];
  readonly blocks: ScannedBlock[];
}

function scanBody(cursor: HclCursor): ScannedBody {
  const body: OpenBody = { attributes: [], blocks: [] };
  while ((cursor.skipBlank(), !cursor.atEnd() && !cursor.at('}'))) {
    scanStatement(cursor, body);
  }
  return body;
}

function scanStatement(cursor: HclCursor, body: OpenBody): void {
  const { line, offset } = cursor;
  const name = cursor.takeIdentifier();
  if (name === undefined) {
    cursor.skipExpression();
    return;
  }
  cursor.skipSpace();
  if (cursor.at('=')) {
    body.attributes.push(scanAttribute(cursor, body, name, line, offset));
  } else {
    const block = scanBlock(cursor, name, line);
    if (block !== undefined) body.blocks.push(block);
  }
}

function scanAttribute(
  cursor: HclCursor,
  body: OpenBody,
  key: string,
  line: number,
  offset: number,
): ScannedAttribute {
  const again = body.attributes.some((a) => a.key === key);
  const parsedKey = again ? `${key}-again-${offset}` : key;
  if (again) cursor.edit(offset, key.length, parsedKey);
  cursor.skip(1);
  cursor.skipSpace();
  const { quoted } = cursor.valueHere();
  return { key, parsedKey, line, quoted, items: cursor.skipExpression() };
}

function scanBlock(cursor: HclCursor, type: string, line: number): ScannedBlock | undefined {
  const labels = cursor.takeLabels();
  if (!cursor.at('{') || !cursor.enter()) {
    cursor.skipExpression();
    return undefined;
  }
  const body = scanBody(cursor);
  const endLine = cursor.line;
  cursor.leave();
  return { type, labels, line, endLine, ...body };
}

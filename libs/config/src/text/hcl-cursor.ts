/** A place in HCL text that knows its line and how to step over one lexical thing at a time. Never fails. */

/** The value of an attribute, or of an item of a list. */
export interface ScannedValue {
  readonly line: number;
  /** It begins with a quote. The parser gives a bare word and a template in quotes alike. */
  readonly quoted: boolean;
}

interface Edit {
  readonly at: number;
  readonly length: number;
  readonly replacement: string;
}

/** Deeper than any configuration; beyond it neither scanner nor parser should try. */
export const maxDepth = 50;

const identifier = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
const quotedLabel = /"(?:[^"\\\n]|\\.)*"/y;
const heredocStart = /<<-?([\p{ID_Start}_][\p{ID_Continue}-]*)[ \t]*\r?\n/uy;
/** `{{ word "argument" … }}`, its quotes bare, escaped or backticks. */
const goTemplate =
  /\{\{-?[ \t]*\w+(?:[ \t]+(?:"[^"\\\n]*"|\\"[^"\\\n]*\\"|`[^`\n]*`|[^\s"`{}\\]+))*[ \t]*-?\}\}/y;

/** A place in the text that moves forward only. Used by one scan; it never fails. */
export class HclCursor {
  readonly #text: string;
  readonly #edits: Edit[] = [];
  #offset = 0;
  #line = 1;
  #depth = 0;
  #deepest = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get offset(): number {
    return this.#offset;
  }

  /** From 1. */
  get line(): number {
    return this.#line;
  }

  get deepest(): number {
    return this.#deepest;
  }

  atEnd(): boolean {
    return this.#offset >= this.#text.length;
  }

  at(expected: string): boolean {
    return this.#text.startsWith(expected, this.#offset);
  }

  skip(length: number): void {
    const end = Math.min(this.#offset + length, this.#text.length);
    for (; this.#offset < end; this.#offset += 1) {
      if (this.#text[this.#offset] === '\n') this.#line += 1;
    }
  }

  /** Replaces text that was passed. An edit holds no line's end. */
  edit(at: number, length: number, replacement: string): void {
    this.#edits.push({ at, length, replacement });
  }

  /** The whole text with the edits made. */
  edited(): string {
    const inOrder = [...this.#edits].sort((a, b) => a.at - b.at);
    let result = '';
    let from = 0;
    for (const { at, length, replacement } of inOrder) {
      result += this.#text.slice(from, at) + replacement;
      from = at + length;
    }
    return result + this.#text.slice(from);
  }

  /** Goes one level deeper, over an opening bracket. False, without moving, when that is too deep. */
  enter(): boolean {
    this.#deepest = Math.max(this.#deepest, this.#depth + 1);
    if (this.#depth >= maxDepth) return false;
    this.#depth += 1;
    this.skip(1);
    return true;
  }

  /** Comes up again, over the closing bracket if there is one. */
  leave(): void {
    this.#depth -= 1;
    this.skip(1);
  }

  takeIdentifier(): string | undefined {
    return this.#take(identifier)?.[0];
  }

  /** The labels before a block's brace, blanked in the text. */
  takeLabels(): string[] {
    const labels: string[] = [];
    for (;;) {
      const { offset } = this;
      const quoted = this.#take(quotedLabel)?.[0];
      const label = quoted ?? this.takeIdentifier();
      if (label === undefined) return labels;
      this.edit(offset, label.length, ' '.repeat(label.length));
      labels.push(quoted === undefined ? label : label.slice(1, -1));
      this.skipSpace();
    }
  }

  /** Over spaces, ends of lines and comments. */
  skipBlank(): void {
    while (this.#skipOneOf([' ', '\t', '\r', '\n']) || this.#skipLineComment() || this.#skipBlockComment());
  }

  /** Over spaces and comments within a line. */
  skipSpace(): void {
    while (this.#skipOneOf([' ', '\t', '\r']) || this.#skipBlockComment());
  }

  /** Over an expression, to the end of its line or to the brace that closes its block. Returns a list's items. */
  skipExpression(): ScannedValue[] {
    const items: ScannedValue[] = [];
    const isList = this.at('[');
    let depth = 0;
    let itemIsNext = false;
    while (!this.atEnd()) {
      if (depth === 0 && (this.at('\n') || this.at('}'))) break;
      if (this.#skipOneOf([' ', '\t', '\r', '\n']) || this.#skipLineComment() || this.#skipBlockComment())
        continue;
      if (itemIsNext && !this.at(']')) items.push(this.valueHere());
      itemIsNext = isList && ((depth === 1 && this.at(',')) || (depth === 0 && this.at('[')));
      depth = this.#skipToken(depth);
    }
    return items;
  }

  /** What begins here. */
  valueHere(): ScannedValue {
    return { line: this.#line, quoted: this.at('"') || this.at('<<') };
  }

  #skipToken(depth: number): number {
    const char = this.#text[this.#offset] ?? '';
    if (char === '"') this.#skipString();
    else if (!this.#skipHeredoc()) this.skip(1);
    if ('[({'.includes(char)) {
      this.#deepest = Math.max(this.#deepest, this.#depth + depth + 1);
      return depth + 1;
    }
    return '])}'.includes(char) ? Math.max(0, depth - 1) : depth;
  }

  /** Over a quoted string, to its closing quote or, if that is missing, to the end of the line. */
  #skipString(): void {
    this.skip(1);
    while (!this.atEnd() && !this.at('\n')) {
      if (this.at('\\')) this.skip(2);
      else if (this.at('"')) return this.skip(1);
      else if (this.at('$${') || this.at('%%{')) this.skip(3);
      else if (this.at('${') || this.at('%{')) this.#skipInterpolation();
      else if (!this.#skipGoTemplate()) this.skip(1);
    }
  }

  /** Over `${ … }`, which may hold strings that hold the same. */
  #skipInterpolation(): void {
    this.skip(1);
    if (!this.enter()) return;
    let open = 1;
    while (!this.atEnd() && !this.at('\n')) {
      if (this.at('{')) open += 1;
      if (this.at('}')) open -= 1;
      if (open === 0) break;
      if (this.at('"')) this.#skipString();
      else this.skip(1);
    }
    this.leave();
  }

  #skipGoTemplate(): boolean {
    const { offset } = this;
    const found = this.#take(goTemplate)?.[0];
    if (found === undefined) return false;
    for (const bare of found.matchAll(/(?<!\\)"/g)) this.edit(offset + bare.index, 1, '\\"');
    return true;
  }

  #skipHeredoc(): boolean {
    const marker = this.#take(heredocStart)?.[1];
    if (marker === undefined) return false;
    while (!this.atEnd()) {
      const end = this.#endOfLine();
      const isLast = this.#text.slice(this.#offset, end).trim() === marker;
      this.skip(end - this.#offset + (isLast ? 0 : 1));
      if (isLast) break;
    }
    return true;
  }

  #skipLineComment(): boolean {
    if (!this.at('#') && !this.at('//')) return false;
    this.skip(this.#endOfLine() - this.#offset);
    return true;
  }

  #skipBlockComment(): boolean {
    if (!this.at('/*')) return false;
    const end = this.#text.indexOf('*/', this.#offset + 2);
    this.skip((end < 0 ? this.#text.length : end + 2) - this.#offset);
    return true;
  }

  #skipOneOf(chars: readonly string[]): boolean {
    const found = chars.some((char) => this.at(char));
    if (found) this.skip(1);
    return found;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text);
    if (found !== null) this.skip(found[0].length);
    return found ?? undefined;
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#offset);
    return end < 0 ? this.#text.length : end;
  }
}

/** Cuts a T-SQL text into tokens. `GO` is no part of the language: it belongs to the client's tools. */
import { errors } from '../errors/errors.ts';

export type TokenKind =
  | 'word'
  | 'quoted'
  | 'string'
  | 'nstring'
  | 'integer'
  | 'decimal'
  | 'float'
  | 'money'
  | 'binary'
  | 'variable'
  | 'symbol'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The value: a quoted name or string without its quotes, everything else as written. */
  readonly text: string;
  /** Upper case for words and symbols, for comparing with keywords; empty for everything else. */
  readonly upper: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

const WORD = /[\p{L}_#][\p{L}\p{N}_@$#]*/uy;
const VARIABLE = /@{1,2}[\p{L}\p{N}_@$#]+/uy;
const BINARY = /0[xX][0-9a-fA-F]*/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d*)?/y;
const MONEY = /\$\d*(?:\.\d*)?/y;
const SYMBOLS = ['<=', '>=', '<>', '!=', '!<', '!>', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '::'];

export function lex(sql: string): readonly Token[] {
  return new Lexer(sql).all();
}

class Lexer {
  readonly #sql: string;
  #at = 0;
  #line = 1;

  constructor(sql: string) {
    this.#sql = sql;
  }

  all(): Token[] {
    const tokens: Token[] = [];
    for (;;) {
      this.#skipSpaceAndComments();
      const token = this.#next();
      tokens.push(token);
      if (token.kind === 'end') return tokens;
    }
  }

  #next(): Token {
    const start = this.#at;
    const character = this.#sql[start];
    if (character === undefined) return this.#token('end', '', start);
    if (character === "'") return this.#string('string', start);
    if ((character === 'N' || character === 'n') && this.#sql[start + 1] === "'") {
      this.#at++;
      return this.#string('nstring', start);
    }
    if (character === '[') return this.#quoted(']', start);
    if (character === '"') return this.#quoted('"', start);
    if (character === '@') return this.#match(VARIABLE, 'variable') ?? this.#fail(character);
    if (character === '$') return this.#match(MONEY, 'money') ?? this.#fail(character);
    return this.#number(start) ?? this.#match(WORD, 'word') ?? this.#symbol(start, character);
  }

  #number(start: number): Token | undefined {
    const binary = this.#match(BINARY, 'binary');
    if (binary !== undefined) return binary;
    const number = this.#match(NUMBER, 'integer');
    if (number === undefined) return undefined;
    const kind = /e/i.test(number.text) ? 'float' : number.text.includes('.') ? 'decimal' : 'integer';
    return { ...number, kind, start };
  }

  #symbol(start: number, character: string): Token {
    const two = this.#sql.slice(start, start + 2);
    const text = SYMBOLS.includes(two) ? two : character;
    if (text.length === 1 && !'()+-*/%=<>,.;&|^~!:'.includes(text)) this.#fail(text);
    this.#at += text.length;
    return this.#token('symbol', text, start, text);
  }

  #match(pattern: RegExp, kind: TokenKind): Token | undefined {
    const start = this.#at;
    pattern.lastIndex = start;
    const text = pattern.exec(this.#sql)?.[0];
    if (text === undefined) return undefined;
    this.#at += text.length;
    return this.#token(kind, text, start, kind === 'word' ? text.toUpperCase() : '');
  }

  #string(kind: 'string' | 'nstring', start: number): Token {
    const line = this.#line;
    const text = this.#upTo("'", errors.unclosedQuote);
    return { kind, text, upper: '', line, start, end: this.#at };
  }

  #quoted(close: string, start: number): Token {
    const text = this.#upTo(close, errors.unclosedQuote);
    if (text === '') throw errors.emptyName(this.#line);
    return this.#token('quoted', text, start);
  }

  /** From the opening quote at the cursor to behind the closing one; a doubled closing quote stands for itself. */
  #upTo(close: string, unclosed: (text: string, line: number) => Error): string {
    const opened = this.#at + 1;
    const line = this.#line;
    let text = '';
    let from = opened;
    for (;;) {
      const end = this.#sql.indexOf(close, from);
      if (end < 0) throw unclosed(this.#sql.slice(opened), line);
      text += this.#sql.slice(from, end);
      this.#at = end + 1;
      if (this.#sql[end + 1] !== close) break;
      text += close;
      from = end + 2;
    }
    for (const character of text) if (character === '\n') this.#line++;
    return text;
  }

  #skipSpaceAndComments(): void {
    for (;;) {
      const character = this.#sql[this.#at];
      if (character === undefined) return;
      if (character === '\n') this.#line++;
      if (character <= ' ' || character === '\u00a0' || character === '\ufeff') this.#at++;
      else if (character === '-' && this.#sql[this.#at + 1] === '-') this.#skipLine();
      else if (character === '/' && this.#sql[this.#at + 1] === '*') this.#skipBlock();
      else return;
    }
  }

  #skipLine(): void {
    const end = this.#sql.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#sql.length : end;
  }

  /** Block comments nest (Transact-SQL reference, "Slash star (block comment)"). */
  #skipBlock(): void {
    let depth = 0;
    do {
      const two = this.#sql.slice(this.#at, this.#at + 2);
      if (two === '') throw errors.unclosedComment(this.#line);
      if (two === '/*') depth++;
      if (two === '*/') depth--;
      if (two[0] === '\n') this.#line++;
      this.#at += two === '/*' || two === '*/' ? 2 : 1;
    } while (depth > 0);
  }

  #token(kind: TokenKind, text: string, start: number, upper = ''): Token {
    return { kind, text, upper, line: this.#line, start, end: this.#at };
  }

  #fail(text: string): never {
    throw errors.syntax(text, this.#line);
  }
}

/** Walks over the tokens of one batch. Parsing functions take it and leave it behind what they have read. */
import { errors } from '../errors/errors.ts';
import type { Expression, Query } from './ast.ts';
import { lex, type Token } from './lexer.ts';

const RESERVED = new Set(
  (
    'ADD ALL ALTER AND ANY AS ASC AUTHORIZATION BACKUP BEGIN BETWEEN BREAK BROWSE BULK BY CASCADE CASE CHECK ' +
    'CHECKPOINT CLOSE CLUSTERED COALESCE COLLATE COLUMN COMMIT COMPUTE CONSTRAINT CONTAINS CONTINUE CONVERT CREATE ' +
    'CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATABASE DBCC DEALLOCATE DECLARE ' +
    'DEFAULT DELETE DENY DESC DISTINCT DISTRIBUTED DOUBLE DROP ELSE END ERRLVL ESCAPE EXCEPT EXEC EXECUTE EXISTS EXIT ' +
    'EXTERNAL FETCH FILE FILLFACTOR FOR FOREIGN FREETEXT FROM FULL FUNCTION GOTO GRANT GROUP HAVING HOLDLOCK IDENTITY ' +
    'IDENTITY_INSERT IF IN INDEX INNER INSERT INTERSECT INTO IS JOIN KEY KILL LEFT LIKE MERGE NATIONAL NOCHECK ' +
    'NONCLUSTERED NOT NULL NULLIF OF OFF ON OPEN OPTION OR ORDER OUTER OVER PERCENT PIVOT PLAN PRIMARY PRINT PROC ' +
    'PROCEDURE PUBLIC RAISERROR READ READTEXT RECONFIGURE REFERENCES REPLICATION RESTORE RESTRICT RETURN REVERT REVOKE ' +
    'RIGHT ROLLBACK ROWCOUNT ROWGUIDCOL RULE SAVE SCHEMA SELECT SESSION_USER SET SHUTDOWN SOME STATISTICS SYSTEM_USER ' +
    'TABLE TABLESAMPLE TEXTSIZE THEN TO TOP TRAN TRANSACTION TRIGGER TRUNCATE TRY_CONVERT UNION UNIQUE UNPIVOT UPDATE ' +
    'UPDATETEXT USE USER VALUES VARYING VIEW WAITFOR WHEN WHERE WHILE WITH WRITETEXT'
  ).split(' '),
);

/** Given from outside, because expressions contain queries and queries contain expressions. */
export interface Grammar {
  readonly parseQuery: (cursor: Cursor) => Query;
  readonly parseExpression: (cursor: Cursor) => Expression;
}

export class Cursor {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  readonly parseQuery: Grammar['parseQuery'];
  readonly parseExpression: Grammar['parseExpression'];
  #at = 0;

  constructor(sql: string, { parseQuery, parseExpression }: Grammar) {
    this.#sql = sql;
    this.#tokens = lex(sql);
    this.parseQuery = parseQuery;
    this.parseExpression = parseExpression;
  }

  get line(): number {
    return this.current.line;
  }

  get current(): Token {
    return this.peek(0);
  }

  peek(ahead: number): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.current;
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  get atEnd(): boolean {
    return this.current.kind === 'end';
  }

  /** True when the next tokens are these keywords or symbols (upper case). Reads nothing. */
  sees(...upper: readonly string[]): boolean {
    return upper.every((text, index) => this.peek(index).upper === text && text !== '');
  }

  /** Reads these keywords or symbols when they are next. */
  accept(...upper: readonly string[]): boolean {
    if (!this.sees(...upper)) return false;
    this.#at += upper.length;
    return true;
  }

  expect(...upper: readonly string[]): void {
    for (const text of upper) if (!this.accept(text)) this.fail();
  }

  /** A keyword out of a list, or undefined. */
  acceptOne(...uppers: readonly string[]): string | undefined {
    const found = uppers.find((upper) => this.sees(upper));
    if (found !== undefined) this.#at++;
    return found;
  }

  get isName(): boolean {
    const token = this.current;
    return token.kind === 'quoted' || (token.kind === 'word' && !RESERVED.has(token.upper));
  }

  name(): string {
    if (!this.isName) this.fail();
    return this.next().text;
  }

  /** A name of up to four parts; `db..table` has an empty part. */
  dottedName(): readonly string[] {
    const parts = [this.name()];
    while (this.accept('.')) parts.push(this.sees('.') ? '' : this.anyName());
    if (parts.length > 4) this.fail();
    return parts;
  }

  /** After a dot keywords are names too. */
  anyName(): string {
    if (this.current.kind !== 'word' && this.current.kind !== 'quoted') this.fail();
    return this.next().text;
  }

  variable(): string {
    if (this.current.kind !== 'variable') this.fail();
    return this.next().text;
  }

  /** `(a, b, c)` of anything. */
  list<T>(item: () => T): T[] {
    this.expect('(');
    const items = this.separated(item);
    this.expect(')');
    return items;
  }

  separated<T>(item: () => T): T[] {
    const items = [item()];
    while (this.accept(',')) items.push(item());
    return items;
  }

  textSince(start: number): string {
    return this.#sql.slice(start, this.peek(-1).end);
  }

  /** 102, or 156 at a keyword, at the current token. */
  fail(): never {
    const token = this.current;
    if (token.kind === 'word' && RESERVED.has(token.upper))
      throw errors.syntaxKeyword(token.text, token.line);
    const near = token.kind === 'end' ? this.peek(-1).text : token.text;
    throw errors.syntax(near, token.line);
  }
}

export const isReserved = (upper: string): boolean => RESERVED.has(upper);

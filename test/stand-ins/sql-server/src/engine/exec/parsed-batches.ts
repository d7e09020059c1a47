/** Batches by their text, so that the same text is parsed once. Plans hang on the statements and live as long. */
import { parseBatch } from '../parser/parse-statement.ts';
import type { Statement } from '../parser/statement-ast.ts';

const MOST_KEPT = 2000;
/** Longer texts (bulk inserts, mostly) come once. */
const LONGEST_KEPT = 100_000;

export class ParsedBatches {
  readonly #kept = new Map<string, readonly Statement[]>();

  /** Errors of the parser. */
  parse(sql: string): readonly Statement[] {
    const found = this.#kept.get(sql);
    if (found !== undefined) return found;
    const statements = parseBatch(sql);
    if (sql.length > LONGEST_KEPT) return statements;
    if (this.#kept.size >= MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value ?? '');
    this.#kept.set(sql, statements);
    return statements;
  }
}

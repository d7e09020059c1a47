import type { Reply } from '../stand-ins/sql-server/src/engine/interface/engine-session.ts';
import { intColumn } from './sql-columns.ts';

/** Rows 0, 1, 2 … without end, counting how many were asked for and whether the iteration was ended. */
export class EndlessRows {
  pulled = 0;
  readonly ended = Promise.withResolvers<void>();

  async *rows(): AsyncGenerator<Reply> {
    try {
      yield {
        kind: 'columns',
        columns: [intColumn, { name: 'pad', type: { name: 'varchar', length: 100 }, nullable: false }],
      };
      for (;;) {
        this.pulled += 1;
        yield { kind: 'row', values: [this.pulled, 'x'.repeat(100)] };
      }
    } finally {
      this.ended.resolve();
    }
  }
}

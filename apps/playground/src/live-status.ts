/** Asks the processes for their status twice a second, and reports which tables change hands. */
import { pause } from '@dstream/async';
import type { Clock } from '@dstream/core';
import { askReplica, statusOf, type StatusDocument, type TableStatusRow } from '@dstream/status';

/** Whom to ask, and where messages go. */
export interface LiveStatusOptions {
  readonly clock: Clock;
  /** Of the processes that run now. */
  readonly addresses: () => readonly string[];
  /** Of schema dbo. */
  readonly tables: readonly string[];
  /** Whether something that was committed has not arrived yet. */
  readonly isWaiting: () => boolean;
  readonly say: (text: string) => void;
}

const everyMs = 500;

/** `run` is called once; `document` may be read at any time. */
export class LiveStatus {
  readonly #options: LiveStatusOptions;
  readonly #figures = new TableFigures();
  #document: StatusDocument;

  constructor(options: LiveStatusOptions) {
    this.#options = options;
    this.#document = this.#gathered([]);
  }

  /** As it was seen last. */
  get document(): StatusDocument {
    return this.#document;
  }

  /** Asks until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, addresses } = this.#options;
    while (!signal.aborted) {
      const asked = addresses().map((address) => askReplica(address, signal));
      const answers = await Promise.all(asked).catch(() => undefined);
      if (answers === undefined) return;
      const before = this.#document;
      this.#document = this.#gathered(answers);
      this.#sayNews(before);
      await pause(clock, everyMs, signal);
    }
  }

  #gathered(answers: Parameters<typeof statusOf>[0]['answers']): StatusDocument {
    const { clock, tables, isWaiting } = this.#options;
    const configured = tables.map((table) => ({ schema: 'dbo', table }));
    const document = statusOf({ atMs: clock.wallMs(), configured, answers });
    const now = { nowMs: clock.monotonicMs(), isWaiting: isWaiting() };
    return { ...document, tables: document.tables.map((row) => this.#figures.carriedOn(row, now)) };
  }

  #sayNews(before: StatusDocument): void {
    for (const [owner, tables] of taken(before, this.#document))
      this.#options.say(`${owner} took ${tables.join(', ')}`);
  }
}

/** Tables that run under another owner, or a newer epoch, than before; by owner. */
export function taken(before: StatusDocument, after: StatusDocument): ReadonlyMap<string, readonly string[]> {
  const epochs = new Map(before.tables.map(({ table, epoch }) => [table, epoch ?? 0]));
  const news = after.tables.filter(
    ({ table, state, epoch }) => state === 'running' && (epoch ?? 0) > (epochs.get(table) ?? 0),
  );
  const named = news.map(({ table, owner }) => ({
    owner: owner ?? '',
    text: table.replace(/^dbo\./, ''),
  }));
  return new Map(
    [...Map.groupBy(named, ({ owner }) => owner)].map(([owner, list]) => [
      owner,
      list.map(({ text }) => text),
    ]),
  );
}

/** The moment at which a row was gathered. */
export interface Now {
  /** Monotonic. */
  readonly nowMs: number;
  /** Whether something that was committed has not arrived yet. */
  readonly isWaiting: boolean;
}

interface Kept {
  readonly epoch: number | null;
  /** Sent by owners before this epoch. */
  readonly before: number;
  /** Sent in this epoch. */
  readonly sent: number;
  readonly lagMs: number | null;
  readonly seenMs: number;
}

/**
 * Figures that continue while a table changes hands. An owner counts from when it acquired the table, and a killed one reports
 * nothing: the counts continue from where they were, and the lag grows until an owner reports it again.
 */
export class TableFigures {
  readonly #kept = new Map<string, Kept>();

  /** Called with every row that was gathered, in the order of time. */
  carriedOn(row: TableStatusRow, { nowMs, isWaiting }: Now): TableStatusRow {
    const last = this.#kept.get(row.table);
    if (row.changes === null)
      return last === undefined ? row : silent(row, last, isWaiting ? nowMs : undefined);
    const before = last === undefined ? 0 : last.epoch === row.epoch ? last.before : last.before + last.sent;
    this.#kept.set(row.table, {
      epoch: row.epoch,
      before,
      sent: row.changes,
      lagMs: row.lagMs,
      seenMs: nowMs,
    });
    return { ...row, changes: before + row.changes };
  }
}

/** @param nowMs undefined when nothing waits: then there is no lag */
function silent(row: TableStatusRow, last: Kept, nowMs: number | undefined): TableStatusRow {
  const lagMs = nowMs === undefined ? null : (last.lagMs ?? 0) + nowMs - last.seenMs;
  return { ...row, changes: last.before + last.sent, lagMs };
}

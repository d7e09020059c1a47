/** What the processes say of themselves, asked again and again; and who took which table meanwhile. */
import { pause } from '@dstream/async';
import type { Clock } from '@dstream/core';
import { askReplica, statusOf, type StatusDocument } from '@dstream/status';
import { TableFigures } from './table-figures.ts';

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

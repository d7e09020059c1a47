/** Says what an output that is not required did not get: once when it begins, again every five minutes, and at its end. */
import type { Clock, Log, RoutedEvent } from '@dstream/core';
import type { DropReason } from './processor-metrics.ts';

const againMs = 300_000;

const sentences: Readonly<Record<DropReason, string>> = {
  buffer_full: 'its buffer is full, the oldest changes in it are dropped',
  refused: 'it refuses changes for good, they are only counted because it is not required',
  closed: 'it takes nothing any more, its changes are dropped',
  stopping: 'changes that waited for it could not be delivered before the stop',
};

interface Loss {
  changes: number;
  readonly sessions: Set<string>;
  /** Of the commits, ISO 8601. */
  from: string;
  to: string;
}

/** Sessions that are told apart, at most. */
const mostSessions = 1_000;

export class LossLog {
  readonly #name: string;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #losses = new Map<DropReason, Loss>();
  readonly #saidAtMs = new Map<DropReason, number>();

  constructor(name: string, log: Log, clock: Clock) {
    this.#name = name;
    this.#log = log;
    this.#clock = clock;
  }

  /** @param detail fields of the first line, such as an error */
  add(
    reason: DropReason,
    events: readonly RoutedEvent[],
    detail: Readonly<Record<string, unknown>> = {},
  ): void {
    if (events.length === 0) return;
    this.#losses.set(reason, withMore(this.#losses.get(reason), events));
    const saidAtMs = this.#saidAtMs.get(reason);
    if (saidAtMs === undefined || this.#clock.monotonicMs() - saidAtMs >= againMs) this.#say(reason, detail);
  }

  /** What began is over, for one reason or for all: says what was not said yet. The next loss begins anew. */
  over(...reasons: readonly DropReason[]): void {
    for (const reason of reasons.length > 0 ? reasons : [...this.#losses.keys()]) {
      if (this.#losses.has(reason)) this.#say(reason, {});
      this.#saidAtMs.delete(reason);
    }
  }

  #say(reason: DropReason, detail: Readonly<Record<string, unknown>>): void {
    const loss = this.#losses.get(reason);
    if (loss === undefined) return;
    this.#losses.delete(reason);
    this.#saidAtMs.set(reason, this.#clock.monotonicMs());
    const { changes, sessions, from, to } = loss;
    const fields = { changes, sessions: sessions.size, committedFrom: from, committedTo: to, ...detail };
    this.#log.error(`output ${this.#name}: ${sentences[reason]}`, fields);
  }
}

function withMore(loss: Loss | undefined, events: readonly RoutedEvent[]): Loss {
  const more = loss ?? { changes: 0, sessions: new Set<string>(), from: '', to: '' };
  more.changes += events.length;
  for (const { event, orderingKey } of events) {
    const { committedAt } = event.metadata;
    if (more.from === '' || committedAt < more.from) more.from = committedAt;
    if (committedAt > more.to) more.to = committedAt;
    if (more.sessions.size < mostSessions) more.sessions.add(orderingKey);
  }
  return more;
}

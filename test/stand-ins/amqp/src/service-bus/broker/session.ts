import type { Consumer, SessionHolder } from './consumer.ts';
import type { Deadline } from './deadlines.ts';
import { ReadyList } from './ready-list.ts';
import type { StoredMessage } from './stored-message.ts';

/** An exclusive lock on a session. */
export class SessionHold implements Deadline {
  readonly session: Session;
  readonly holder: SessionHolder;
  untilMs: number;
  released = false;
  /** Set when the holder's link gives credit. */
  consumer: Consumer | undefined;
  readonly #onExpiry: (hold: SessionHold) => void;

  constructor(
    session: Session,
    holder: SessionHolder,
    untilMs: number,
    onExpiry: (hold: SessionHold) => void,
  ) {
    this.session = session;
    this.holder = holder;
    this.untilMs = untilMs;
    this.#onExpiry = onExpiry;
  }

  dueAtMs(): number | undefined {
    return this.released ? undefined : this.untilMs;
  }

  run(): void {
    this.#onExpiry(this);
  }
}

/** The messages of one session id in one queue, their state, and who holds them. */
export class Session {
  readonly id: string;
  readonly ready = new ReadyList();
  /** Handed out to the holder and not settled. */
  readonly unsettled = new Set<StoredMessage>();
  state: Buffer | undefined;
  hold: SessionHold | undefined;
  /** Deferred messages, which keep the session in the table. */
  deferred = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** Nothing would be lost if it were forgotten. */
  get empty(): boolean {
    return (
      this.hold === undefined &&
      this.state === undefined &&
      this.ready.size === 0 &&
      this.unsettled.size === 0 &&
      this.deferred === 0
    );
  }
}

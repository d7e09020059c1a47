/**
 * What required outputs have of messages that are not settled: another output did not accept its part before the session was
 * released or lost, or the settlement failed. When the messages arrive again at this process, an output is not given again what it
 * has. Changes are known by session, generation and id. They are forgotten when their message is settled, so that what is
 * sent again on purpose is delivered again; and bounded: of all sessions the one that was added to longest ago is forgotten first, and of
 * the last one what is oldest.
 */
import type { DecodedChange } from './decode-message.ts';
import type { MessageOutcome } from './settle.ts';

/** Changes that are remembered, over all sessions and outputs, at most: about 20 MB. */
const maxRemembered = 100_000;

/** The ids by output. */
type Session = Map<string, Set<string>>;

/** The memory of one process. Costs nothing while nothing failed. */
export class AcceptedChanges {
  readonly #max: number;
  readonly #sessions = new Map<string, Session>();
  #size = 0;

  constructor(max = maxRemembered) {
    this.#max = max;
  }

  /** `output` has accepted these changes of a session. */
  remember(session: string, output: string, changes: readonly DecodedChange[]): void {
    if (changes.length === 0) return;
    const outputs = this.#sessions.get(session) ?? new Map<string, Set<string>>();
    const ids = outputs.get(output) ?? new Set<string>();
    this.#size -= ids.size;
    for (const change of changes) ids.add(keyOf(change));
    this.#size += ids.size;
    outputs.set(output, ids);
    this.#sessions.delete(session);
    this.#sessions.set(session, outputs);
    this.#forgetOldest();
  }

  /** The changes that `output` does not have yet. */
  without(session: string, output: string, changes: readonly DecodedChange[]): readonly DecodedChange[] {
    const ids = this.#sessions.get(session)?.get(output);
    return ids === undefined ? changes : changes.filter((change) => !ids.has(keyOf(change)));
  }

  /** These messages are settled. @param published changes, those that were made of changes of the messages among them */
  settled(
    session: string,
    messages: readonly Pick<MessageOutcome, 'fresh'>[],
    published: readonly DecodedChange[],
  ): void {
    const outputs = this.#sessions.get(session);
    if (outputs === undefined) return;
    const own = new Set(messages.flatMap(({ fresh }) => fresh));
    const keys = published.filter((change) => own.has(change.madeOf ?? change)).map(keyOf);
    for (const [output, ids] of outputs) {
      for (const key of keys) if (ids.delete(key)) this.#size -= 1;
      if (ids.size === 0) outputs.delete(output);
    }
    if (outputs.size === 0) this.#sessions.delete(session);
  }

  #forgetOldest(): void {
    for (const [session, outputs] of this.#sessions) {
      if (this.#size <= this.#max) return;
      if (this.#sessions.size === 1) return this.#forgetIn(outputs);
      this.#sessions.delete(session);
      for (const ids of outputs.values()) this.#size -= ids.size;
    }
  }

  /** The oldest ids of each output: without sessions there is one, and what another process has settled stays in it. */
  #forgetIn(outputs: Session): void {
    for (const ids of outputs.values()) {
      const [before, keep] = [ids.size, Math.ceil(this.#max / outputs.size)];
      for (const id of ids) {
        if (ids.size <= keep) break;
        ids.delete(id);
      }
      this.#size -= before - ids.size;
    }
  }
}

function keyOf({ event: { metadata } }: DecodedChange): string {
  return `${metadata.generation}/${metadata.id}`;
}

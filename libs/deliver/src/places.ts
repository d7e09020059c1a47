/**
 * Decides which session makes room. The subscription accepts some more sessions than may stay, but only when they have
 * messages and no place: so each session above the number is one that waited for its turn. For each the one that has been
 * idle for longest goes; when none is idle, the first that becomes so, or one that has had its time. Nobody goes while
 * nobody waits.
 */

/** Holds a session. */
export interface Tenant {
  /** To finish what it has taken, and give its session back. Called at most once, while it is idle. */
  giveWay(): void;
}

/** How many sessions are accepted above those that may stay: enough that places change hands side by side. */
export function sessionsAhead(maxSessions: number): number {
  return Math.ceil(maxSessions / 8);
}

export class Places {
  readonly #count: number;
  readonly #whenCrowded: () => void;
  readonly #staying = new Set<Tenant>();
  /** The longest idle first. */
  readonly #idle = new Set<Tenant>();

  /** @param whenCrowded called whenever somebody enters who waited for a place */
  constructor(count: number, whenCrowded: () => void) {
    this.#count = count;
    this.#whenCrowded = whenCrowded;
  }

  /** More than may stay are here: somebody waits, or has waited until a moment ago. */
  get isCrowded(): boolean {
    return this.#staying.size > this.#count;
  }

  enter(tenant: Tenant): void {
    this.#staying.add(tenant);
    if (this.isCrowded) this.#whenCrowded();
    this.#makeRoom();
  }

  /** It has had nothing to do for a moment: its place may be given away. */
  idle(tenant: Tenant): void {
    if (!this.#staying.has(tenant)) return;
    this.#idle.add(tenant);
    this.#makeRoom();
  }

  isIdle(tenant: Tenant): boolean {
    return this.#idle.has(tenant);
  }

  busy(tenant: Tenant): void {
    this.#idle.delete(tenant);
  }

  /** It goes, or has gone, for whatever reason. */
  leave(tenant: Tenant): void {
    this.#idle.delete(tenant);
    this.#staying.delete(tenant);
  }

  #makeRoom(): void {
    for (const tenant of this.#idle) {
      if (!this.isCrowded) return;
      this.leave(tenant);
      tenant.giveWay();
    }
  }
}

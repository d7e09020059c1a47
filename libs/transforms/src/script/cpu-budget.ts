/** How much CPU time a call into the engine of a script may take. */

/**
 * CPU time of this thread since `begin`, up to a millisecond more: many calls are shorter, and reading it costs. The wall clock is
 * cheaper to read, and CPU time never runs faster: it is looked at only when the wall clock says that the time could be up. So a
 * busy or suspended machine fails no change.
 */
export class CpuBudget {
  #limitMs = 0;
  #startedMs = 0;
  #measuredMs = -Infinity;
  #lookAtMs = Infinity;
  #spent = false;

  get wasSpent(): boolean {
    return this.#spent;
  }

  begin(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#spent = false;
    const nowMs = performance.now();
    this.#lookAtMs = nowMs + limitMs;
    if (nowMs - this.#measuredMs < 1) return;
    this.#measuredMs = nowMs;
    this.#startedMs = cpuMs();
  }

  end(): void {
    this.#lookAtMs = Infinity;
  }

  /** Called by the engine every few thousand steps. Once it is true it stays true. */
  isSpent(): boolean {
    if (this.#spent) return true;
    const nowMs = performance.now();
    if (nowMs < this.#lookAtMs) return false;
    const leftMs = this.#startedMs + this.#limitMs - cpuMs();
    this.#lookAtMs = nowMs + leftMs;
    this.#spent = leftMs <= 0;
    return this.#spent;
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** What signals and keys do. */
import type { Clock } from '@dstream/core';
import { ignoresHangup, type Stop } from '@dstream/runtime';
import type { Key } from '@dstream/terminal';
import type { Replicas } from './replicas.ts';
import type { Workload } from './workload.ts';

/** What keys act upon. */
export interface Controlled {
  readonly replicas: Pick<Replicas, 'killIngester' | 'startIngester'>;
  readonly workload: Pick<Workload, 'togglePause'>;
  readonly say: (text: string) => void;
}

/** Acts on a key and reports the result. Other keys do nothing. */
export function control(key: Key, { replicas, workload, say }: Controlled): void {
  if (key === 'k') {
    const killed = replicas.killIngester();
    if (killed === undefined) say('no ingester is running: press s to start one');
    else say(`killed ${killed} with SIGKILL: its leases end within 15 s`);
  }
  if (key === 's' && replicas.startIngester() === undefined) say('no more ingesters: five are running');
  if (key === 'p') say(workload.togglePause() ? 'shop paused' : 'shop resumed');
}

/**
 * One Ctrl-C arrives twice under npm: the terminal sends SIGINT to all in its foreground, and npm passes its own on.
 * Two within this time are one.
 */
const samePressMs = 400;

/** Dispose to remove the handlers. */
export interface Interrupts extends Disposable {
  /** As a signal does: for keys, where the terminal makes no signal of Ctrl-C. */
  readonly interrupt: (name: string) => void;
}

/**
 * Lets a signal request the stop: the first one stops, a second one aborts, and so does SIGQUIT. SIGHUP does nothing
 * where it is ignored. Dispose to take the handlers off.
 */
export function stopOnInterrupts(
  stop: Stop,
  clock: Clock,
  source: NodeJS.EventEmitter = process,
): Interrupts {
  let last = Number.NEGATIVE_INFINITY;
  const interrupt = (name: string) => {
    const now = clock.monotonicMs();
    if (now - last < samePressMs) return;
    last = now;
    stop.request(name);
  };
  const handlers = {
    SIGINT: interrupt,
    SIGTERM: interrupt,
    SIGHUP: ignoresHangup(process.env) ? () => undefined : interrupt,
    SIGQUIT: (name: string) => stop.abort(name),
  };
  for (const [name, handler] of Object.entries(handlers)) source.on(name, handler);
  return {
    interrupt,
    [Symbol.dispose]: () => {
      for (const [name, handler] of Object.entries(handlers)) source.off(name, handler);
    },
  };
}

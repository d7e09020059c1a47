/** What the keys do. */
import type { Key } from '@dstream/terminal';
import type { Replicas } from './replicas.ts';
import type { Workload } from './workload.ts';

export interface Controlled {
  readonly replicas: Pick<Replicas, 'killIngester' | 'startIngester'>;
  readonly workload: Pick<Workload, 'togglePause'>;
  readonly say: (text: string) => void;
}

/** Says what came of it. Other keys do nothing. */
export function control(key: Key, { replicas, workload, say }: Controlled): void {
  if (key === 'k') {
    const killed = replicas.killIngester();
    if (killed === undefined) say('no ingester is running: s starts one');
    else say(`killed ${killed} with SIGKILL: its leases end within 15 s`);
  }
  if (key === 's' && replicas.startIngester() === undefined)
    say('there are enough ingesters for this machine');
  if (key === 'p') say(workload.togglePause() ? 'the shop pauses' : 'the shop goes on');
}

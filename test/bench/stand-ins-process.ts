/** The stand-ins as a third process, so that their work is nobody's in a comparison. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Entities, StandInsEnv } from '@dstream/stand-ins';
import { cpuSeconds } from './process-usage.ts';
import type { Progress, Ready } from './stand-ins-child.ts';

const program = fileURLToPath(new URL('stand-ins-child.ts', import.meta.url));

export class StandInsProcess implements AsyncDisposable {
  readonly env: StandInsEnv;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, env: StandInsEnv) {
    this.#child = child;
    this.env = env;
  }

  /** @param entities as the emulator's Config.json declares them; without it they come into being by use */
  static async start(entities?: Entities): Promise<StandInsProcess> {
    // A backlog and its messages lie in its memory.
    const execArgv = ['--max-old-space-size=4096'];
    const child = fork(program, entities === undefined ? [] : [JSON.stringify(entities)], { execArgv });
    const [{ env }] = (await once(child, 'message')) as [Ready];
    return new StandInsProcess(child, env);
  }

  /** One question at a time. */
  async progress(): Promise<Progress> {
    const answer = once(this.#child, 'message') as Promise<[Progress]>;
    this.#child.send('progress');
    const [progress] = await answer;
    return progress;
  }

  get cpuSeconds(): number {
    return cpuSeconds(this.#child.pid ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}

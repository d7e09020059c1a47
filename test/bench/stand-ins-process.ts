/** The stand-ins as a third process, so that their work is nobody's in a comparison. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StandInsEnv } from '@dstream/stand-ins';
import type { Progress, Ready, StandInsChoice } from './stand-ins-child.ts';

const program = fileURLToPath(new URL('stand-ins-child.ts', import.meta.url));

export class StandInsProcess implements AsyncDisposable {
  readonly env: StandInsEnv;
  readonly #child: ChildProcess;
  readonly #ended = new AbortController();

  private constructor(child: ChildProcess, env: StandInsEnv) {
    this.#child = child;
    this.env = env;
    child.once('exit', (code) => this.#ended.abort(new Error(`the stand-ins ended with ${code}`)));
  }

  static async start(choice: StandInsChoice = {}): Promise<StandInsProcess> {
    // A backlog and its messages lie in its memory.
    const execArgv = ['--max-old-space-size=4096'];
    const child = fork(program, [JSON.stringify(choice)], { execArgv });
    const [{ env }] = (await once(child, 'message')) as [Ready];
    return new StandInsProcess(child, env);
  }

  /** One question at a time. Rejects when the stand-ins have ended. */
  async progress(): Promise<Progress> {
    const { signal } = this.#ended;
    const answer = once(this.#child, 'message', { signal }) as Promise<[Progress]>;
    this.#child.send('progress');
    const [progress] = await answer;
    return progress;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended.signal.aborted) return;
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}

/** The bare sides: loops of `bare/`, each in a process of its own. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Run } from './alternate.ts';

/** Runs a loop to its end. It measures itself: `reportRun` of `bare/report.ts`. */
export function runBare(
  loop: 'read-rows' | 'read-encoded' | 'send-packed' | 'send-single',
  options: unknown,
): Promise<Run> {
  return runMeasured(`bare/${loop}`, options);
}

/** A program of this folder that measures itself. @param flags of Node, as `dstream` is started with them */
export async function runMeasured<R extends Run = Run>(
  program: string,
  options: unknown,
  flags: readonly string[] = [],
): Promise<R> {
  const child = start(program, options, flags);
  const gone = once(child, 'exit');
  const reported = once(child, 'message') as Promise<[R]>;
  const ended = gone.then(([code]) =>
    Promise.reject(new Error(`${program}.ts ended with ${code} and no report`)),
  );
  ended.catch(() => undefined);
  const [run] = await Promise.race([reported, ended]);
  await gone;
  return run;
}

/** A loop that runs until it is killed: by its disposal. */
export class EndlessLoop implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor(loop: 'process-messages', options: unknown) {
    this.#child = start(`bare/${loop}`, options);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the process did not start');
    return pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode } = this.#child;
    if (exitCode !== null) throw new Error(`a bare loop ended with ${exitCode}`);
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}

/** Its standard output goes nowhere: `/dev/null`, like that of our side. */
function start(name: string, options: unknown, flags: readonly string[] = []): ChildProcess {
  const program = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  return fork(program, [JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [...process.execArgv, ...flags],
  });
}

/** A `dstream` process under test: what it printed, and waiting for what it will print. */
import { Child } from '../../apps/playground/src/child-process.ts';
import { launcher } from './program.ts';
import { until } from './until.ts';

export class DStreamProcess implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly logs: string[] = [];
  /** Lines it has printed on its standard output. */
  seen = 0;
  readonly #child: Child;

  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
    onLine?: (line: string) => void,
  ) {
    this.#child = new Child({
      program: launcher,
      args,
      env: { ...process.env, ...env },
      onLine: (line) => {
        this.seen += 1;
        if (onLine === undefined) this.lines.push(line);
        else onLine(line);
      },
      onLog: (line) => this.logs.push(line),
    });
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the process did not start');
    return pid;
  }

  get ended(): Promise<number | null> {
    return this.#child.ended;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.signal(name);
  }

  /** Resolves with the first log line that holds `text`. */
  logged(text: string, withinMs?: number): Promise<string> {
    return until(
      () => this.logs.find((line) => line.includes(text)),
      () => `the log says "${text}"; it said:\n${this.logs.slice(-20).join('\n')}`,
      withinMs,
    );
  }

  /** Stops in good order and resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }
}

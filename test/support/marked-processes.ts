/** Processes that a test started, and all that they started: told by a variable that only they have. Linux only. */
import { readdir, readFile } from 'node:fs/promises';
import { until } from './until.ts';

/** `/proc` tells which processes there are. */
export const onLinux = process.platform === 'linux';

export class MarkedProcesses {
  readonly #name = 'DSTREAM_TEST_MARK';
  readonly #value = crypto.randomUUID();

  /** To be given to the process that is started. */
  get env(): Readonly<Record<string, string>> {
    return { [this.#name]: this.#value };
  }

  /** Those that run, of all or of those whose command line holds `text`. */
  async pids(text = ''): Promise<readonly number[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(pids.map((pid) => this.#isMarked(pid, text)));
    return pids.filter((_, n) => found[n]).map(Number);
  }

  /** A process that has ended meanwhile, or has not been waited for, has no environment. */
  async #isMarked(pid: string, text: string): Promise<boolean> {
    try {
      const [environ, command] = await Promise.all(
        ['environ', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
      );
      return environ?.includes(`${this.#name}=${this.#value}`) === true && command?.includes(text) === true;
    } catch {
      return false;
    }
  }

  /** Resolves when none is left. */
  async nothingLeft(withinMs = 2_000): Promise<void> {
    await until(
      async () => (await this.pids()).length === 0,
      () => 'no process is left',
      withinMs,
    );
  }

  async kill(): Promise<void> {
    for (const pid of await this.pids()) process.kill(pid, 'SIGKILL');
  }
}

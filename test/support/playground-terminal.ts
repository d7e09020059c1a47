/** `npm start` as a person sees it: through a pseudo-terminal. */
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { MarkedProcesses } from './marked-processes.ts';
import { Terminal } from './terminal.ts';

const main = fileURLToPath(new URL('../../apps/playground/src/main.ts', import.meta.url));

/** `npm start` in a terminal, which says afterwards how it was left. */
export class PlaygroundTerminal extends Terminal {
  readonly #marked: MarkedProcesses;

  constructor(columns: number, rows: number, env: Readonly<Record<string, string>> = {}) {
    const marked = new MarkedProcesses();
    super([process.execPath, main], { columns, rows, env: { ...env, ...marked.env } }, 'stty -a');
    this.#marked = marked;
  }

  /** Process ids of the `dstream` processes. */
  children(): Promise<readonly number[]> {
    return this.#marked.pids('dstream.mjs');
  }

  async playground(): Promise<number> {
    const all = await this.#marked.pids(process.execPath);
    const children = await this.children();
    const shells = await this.#marked.pids('stty');
    const [pid] = all.filter((one) => !children.includes(one) && !shells.includes(one));
    if (pid === undefined) throw new Error('the playground does not run');
    return pid;
  }

  nothingLeft(withinMs?: number): Promise<void> {
    return this.#marked.nothingLeft(withinMs);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#marked.kill();
  }
}

/** After it has ended: what stands below, and that the terminal is as it was. */
export function expectTerminalAsBefore({ text: output }: Terminal): string {
  const after = output.slice(output.lastIndexOf('\u001b[?1049l'));
  for (const mode of ['icanon', 'echo', 'isig', 'icrnl'])
    expect(after).toMatch(new RegExp(`(^| )${mode}( |$)`, 'm'));
  expect(output.split('\u001b[?1049h')).toHaveLength(2);
  expect(output.split('\u001b[?25h')).toHaveLength(2);
  return after;
}

/**
 * A program of another language and what it says. On its standard output it writes a line for each check:
 *
 *     ok CHECK
 *     not ok CHECK: WHY
 *     skip CHECK: WHY
 *
 * and exits 0 when it came to its end, however its checks went. Other lines are passed on to our standard error.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Report, Tool } from './foreign-client.ts';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: URL;
  readonly env?: Readonly<Record<string, string>>;
}

/** Lines of standard error that a failure repeats. */
const keptLines = 15;

export async function isInstalled(
  { probe: [command, ...args], cwd }: Tool,
  signal: AbortSignal,
): Promise<boolean> {
  const child = spawn(command, args, { stdio: 'ignore', signal, ...(cwd && { cwd: fileURLToPath(cwd) }) });
  return once(child, 'exit').then(
    ([code]) => code === 0,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    },
  );
}

/** Runs a command to its end, for instance an installer. Rejects with what it said when it fails. */
export async function runCommand(given: Command, signal: AbortSignal): Promise<void> {
  await runLines(given, signal, () => undefined);
}

/** No program takes a minute; one that hangs must not cost the others their turn. */
const programLimitMs = 240_000;

/** Also aborts when a program has had its time. */
export const limited = (signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(programLimitMs)]);

/** Runs a program and reports its checks. Rejects when it does not come to its end in time, or checks nothing. */
export async function runProgram(given: Command, report: Report, signal: AbortSignal): Promise<void> {
  let checks = 0;
  await runLines(given, limited(signal), (line) => {
    if (reportLine(line, report)) checks += 1;
    else console.error(line);
  });
  if (checks === 0) throw new Error('the program ended without a single check');
}

/** False for a line that is about no check. */
export function reportLine(line: string, report: Report): boolean {
  const [, outcome, text = ''] = /^(ok|not ok|skip) (.+)$/.exec(line) ?? [];
  const colon = text.indexOf(': ');
  const [check, why] = colon < 0 ? [text, 'no reason given'] : [text.slice(0, colon), text.slice(colon + 2)];
  if (outcome === 'ok') report.passed(text);
  else if (outcome === 'not ok') report.failed(check, why);
  else if (outcome === 'skip') report.skipped(check, why);
  return outcome !== undefined;
}

/** Runs a command to its end and hands out what it writes to standard output. Rejects when it fails. */
export async function runLines(
  { command, args, cwd, env }: Command,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<void> {
  const child = spawn(command, args, {
    cwd: fileURLToPath(cwd),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const tail: string[] = [];
  const [code] = await Promise.all([
    exitOf(child).catch((error: unknown) => {
      throw signal.aborted ? new Error(`${command} was stopped: ${String(signal.reason)}`) : error;
    }),
    eachLine(child.stdout, (line) => {
      keep(tail, line);
      onLine(line);
    }),
    eachLine(child.stderr, (line) => keep(tail, line)),
  ]);
  if (code !== 0) throw new Error([`${command} exited with ${code}; it said:`, ...tail].join('\n    '));
}

/** Also a signal's name. */
async function exitOf(child: ChildProcess): Promise<number | string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? signal ?? 'nothing';
}

async function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): Promise<void> {
  for await (const line of createInterface(stream)) take(line);
}

function keep(tail: string[], line: string): void {
  tail.push(line);
  if (tail.length > keptLines) tail.shift();
}

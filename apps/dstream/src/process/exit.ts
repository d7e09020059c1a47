/** How the process fails and ends: exit codes, the message of a failure, errors that nothing caught. */
import { asDStreamError } from '@dstream/core';
import { visibleLines } from '@dstream/terminal';

const usageCodes: ReadonlySet<string> = new Set(['ConfigInvalid', 'NotBuilt']);

/** 2 for wrong configuration or usage, 1 for everything else. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return usageCodes.has(asDStreamError(error).code) ? 2 : 1;
}

/**
 * Prints one message to standard error, never a stack; an unexpected error is named as such. Every line about a wrong
 * configuration begins with `file:line:`, where editors look for it.
 */
export function reportFailure(error: unknown): void {
  const isUsage = exitCodeOf(error) === 2;
  const { code, message } = asDStreamError(error);
  const text = code === 'Unexpected' ? `unexpected error: ${message}` : message;
  process.stderr.write(`${isUsage ? '' : 'dstream: '}${visibleLines(text)}\n`);
}

/**
 * Ends the process whatever is still open: the client libraries leave timers and sockets behind that would keep it
 * for up to two minutes after everything of ours is closed.
 *
 * `process.exit` waits for the threads that write files. When one hangs in a console that nobody reads
 * (`isBlocked`), only SIGKILL ends the process.
 */
export function endProcess(code: number, isBlocked: () => boolean): void {
  if (isBlocked()) process.kill(process.pid, 'SIGKILL');
  else process.exit(code);
}

type CrashHandler = (error: unknown) => void;

const failAtOnce: CrashHandler = (error) => {
  reportFailure(error);
  endProcess(1, () => false);
};

let handleCrash = failAtOnce;

/**
 * Handles errors that nothing caught: thrown out of an event of a library, or the reason of a promise that nobody
 * awaits. They are reported in one line and end the process, unless `onCrash` replaces that. Called once, first.
 */
export function catchCrashes(): void {
  process.on('uncaughtException', (error) => handleCrash(error));
  process.on('unhandledRejection', (reason) => handleCrash(reason));
}

/** Gives uncaught errors to `handler` until it is disposed: services are drained instead of killed. */
export function onCrash(handler: CrashHandler): Disposable {
  handleCrash = handler;
  return {
    [Symbol.dispose]: () => {
      handleCrash = failAtOnce;
    },
  };
}

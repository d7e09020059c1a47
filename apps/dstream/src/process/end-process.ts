/**
 * Ends the process whatever is still open: the client libraries leave timers and sockets behind that would keep it
 * for up to two minutes after everything of ours is closed.
 *
 * `process.exit` waits for the threads that write files. When one hangs in a console that nobody reads, only SIGKILL
 * ends the process.
 */
export function endProcess(code: number, isBlocked: () => boolean): void {
  if (isBlocked()) process.kill(process.pid, 'SIGKILL');
  else process.exit(code);
}

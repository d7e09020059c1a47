import type { Duplex } from 'node:stream';

/** rhea writes every frame by itself: frames of one turn of the event loop are gathered into one write. */
export function gatherWrites(socket: Duplex): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let corked = false;
  const uncork = (): void => {
    corked = false;
    socket.uncork();
  };
  const gather = (...args: unknown[]): boolean => {
    if (!corked && !socket.destroyed) {
      corked = true;
      socket.cork();
      setImmediate(uncork);
    }
    return write(...args);
  };
  socket.write = gather;
}

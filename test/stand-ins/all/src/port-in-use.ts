/** A port that was asked for belongs to somebody else. */
export class PortInUse extends Error {
  override readonly name = 'PortInUse';
  readonly port: number;

  constructor(what: string, port: number, cause: unknown) {
    super(`port ${port} for ${what} is in use: choose another, or leave it out for a free one`, { cause });
    this.port = port;
  }
}

/** Starts a server on a port; EADDRINUSE becomes PortInUse, which names the server. */
export async function onPort<S>(what: string, port: number, start: (port: number) => Promise<S>): Promise<S> {
  try {
    return await start(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw new PortInUse(what, port, error);
    throw error;
  }
}

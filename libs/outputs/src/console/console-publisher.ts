/** Changes on a stream, one a line: standard output, for trying out, for debugging and for pipes. */
import type { Writable } from 'node:stream';
import { DStreamError, type CallOptions, type Publisher, type RoutedEvent } from '@dstream/core';
import { visibleText } from '@dstream/terminal';

export interface ConsoleOptions {
  readonly stream: Writable;
  /** One change as one line, without its end. */
  readonly format: (event: RoutedEvent) => string;
  /** True while a write to the stream hangs in a thread. */
  readonly isBlocked?: () => boolean;
}

/** The envelope as it arrived. */
export function jsonLine(event: RoutedEvent): string {
  return event.line;
}

/** The same JSON for a terminal: control characters that JSON leaves as they are stand escaped. */
export function visibleJsonLine(event: RoutedEvent): string {
  return visibleText(event.line);
}

export class ConsolePublisher implements Publisher {
  readonly #options: ConsoleOptions;
  #broken: Error | undefined;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    // A stream that is not destroyed by its error takes later writes and never calls back.
    this.#broken = options.stream.errored ?? undefined;
    // Stays after disposal: a write that is still under way may fail later.
    options.stream.on('error', (error) => {
      this.#broken = error;
    });
  }

  async connect({ signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
  }

  /**
   * Resolves when the operating system has taken the lines. Rejects with OutputClosed when nothing takes them any more. On
   * abort the lines may still be written.
   */
  publish(events: readonly RoutedEvent[], { signal }: CallOptions): Promise<void> {
    const { stream, format } = this.#options;
    if (this.#broken !== undefined) return Promise.reject(closed(this.#broken));
    const text = events.map((event) => `${format(event)}\n`).join('');
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stopped = () => reject(signal.reason);
      signal.addEventListener('abort', stopped, { once: true });
      stream.write(text, (error) => {
        signal.removeEventListener('abort', stopped);
        if (error) reject(closed(error));
        else resolve();
      });
    });
  }

  isBlocked(): boolean {
    return this.#options.isBlocked?.() ?? false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A stream that has failed takes nothing more, whatever the reason was. */
function closed(cause: NodeJS.ErrnoException): DStreamError {
  const isFull = cause.code === 'ENOSPC' || cause.code === 'EDQUOT';
  const why = isFull
    ? 'could not be written to: the disk is full; free some space and start again'
    : 'was closed: nobody reads it any more';
  return new DStreamError('OutputClosed', `the console output ${why}`, { cause });
}

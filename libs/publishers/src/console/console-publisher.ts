/** Changes on a stream, one a line: standard output, for trying out, for debugging and for pipes. */
import type { Writable } from 'node:stream';
import { DStreamError, type Publisher, type RoutedEvent } from '@dstream/core';

export interface ConsoleOptions {
  readonly stream: Writable;
  /** One change as one line, without its end. */
  readonly format: (event: RoutedEvent) => string;
}

/** The envelope as it arrived. */
export function jsonLine(event: RoutedEvent): string {
  return event.line;
}

export class ConsolePublisher implements Publisher {
  readonly #options: ConsoleOptions;
  #broken: Error | undefined;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    options.stream.on('error', this.#onError);
  }

  readonly #onError = (error: Error): void => {
    this.#broken = error;
  };

  connect(): Promise<void> {
    return Promise.resolve();
  }

  /** Resolves when the operating system has taken the lines. Rejects with OutputClosed when nobody reads any more. */
  publish(events: readonly RoutedEvent[]): Promise<void> {
    const { stream, format } = this.#options;
    if (this.#broken !== undefined) return Promise.reject(closed(this.#broken));
    const text = events.map((event) => `${format(event)}\n`).join('');
    return new Promise((resolve, reject) => {
      stream.write(text, (error) => (error ? reject(closed(error)) : resolve()));
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#options.stream.off('error', this.#onError);
    return Promise.resolve();
  }
}

function closed(cause: Error): DStreamError {
  return new DStreamError('OutputClosed', 'the console output was closed: nobody reads it any more', {
    cause,
  });
}

/** Changes on a stream, one per line: standard output, for trying out, for debugging and for pipes. */
import { createWriteStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { unlessAborted } from '@dstream/async';
import { DStreamError, type CallOptions, type Publisher, type RoutedEvent } from '@dstream/core';
import { visibleText } from '@dstream/terminal';
import { jsonLines } from '../lines/json-lines.ts';
import { prettyLine } from './pretty-line.ts';

interface ConsoleOptions {
  readonly stream: Writable;
  /** One change as one line, without its end. If absent: the envelope as it arrived. */
  readonly format?: (event: RoutedEvent) => string;
  /** True while a write to the stream hangs in a thread. */
  readonly isBlocked?: () => boolean;
}

const decoder = new TextDecoder();

/** The envelope for a terminal: control characters that JSON leaves as they are appear escaped. */
export function visibleJsonLine({ line }: RoutedEvent): string {
  return visibleText(decoder.decode(line));
}

/** The publisher of an output of type `console`. */
export class ConsolePublisher implements Publisher {
  readonly #options: ConsoleOptions;
  #broken: Error | undefined;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    // A stream that its error does not destroy accepts later writes and never calls back.
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
   * Resolves when the operating system has the lines. Rejects with OutputClosed when the stream accepts no more. On abort
   * the lines may still be written.
   */
  async publish(events: readonly RoutedEvent[], { signal }: CallOptions): Promise<void> {
    const { stream, format } = this.#options;
    if (this.#broken !== undefined) throw closed(this.#broken);
    signal.throwIfAborted();
    const text =
      format === undefined ? jsonLines(events) : events.map((event) => `${format(event)}\n`).join('');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    stream.write(text, (error) => (error ? reject(closed(error)) : resolve()));
    await unlessAborted(promise, signal);
  }

  isBlocked(): boolean {
    return this.#options.isBlocked?.() ?? false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A stream that has failed accepts no more, whatever the reason was. */
function closed(cause: NodeJS.ErrnoException): DStreamError {
  const isFull = cause.code === 'ENOSPC' || cause.code === 'EDQUOT';
  const why = isFull
    ? 'could not be written to: the disk is full; free some space and start again'
    : 'was closed: nobody reads it any more';
  return new DStreamError('OutputClosed', `the console output ${why}`, { cause });
}

/** A publisher on standard output. `auto` is readable in a terminal, otherwise JSON. */
export function openConsole(format: 'auto' | 'json' | 'pretty'): Publisher {
  const output = standardOutput();
  const { stream, terminal } = output;
  return new ConsolePublisher({
    stream,
    ...formatOf(format, terminal),
    isBlocked: () => output.isBlocked(),
  });
}

/** Absent: lines as they arrived. Changes in an envelope, which have a content type, are JSON in a terminal, too. */
export function formatOf(
  format: 'auto' | 'json' | 'pretty',
  terminal: boolean,
): Pick<ConsoleOptions, 'format'> {
  const pretty = prettyLine({ colour: terminal });
  if (format === 'pretty') return { format: pretty };
  if (!terminal) return {};
  if (format === 'json') return { format: visibleJsonLine };
  return {
    format: (routed) => (routed.contentType === undefined ? pretty(routed) : visibleJsonLine(routed)),
  };
}

/** Descriptor 1 as a stream that never stops the event loop, whatever it is connected to. */
export interface StandardOutput {
  readonly stream: Writable;
  readonly terminal: boolean;
  /** True while a write hangs in a thread: `process.exit` would wait for it. */
  isBlocked(): boolean;
}

let opened: StandardOutput | undefined;

/**
 * One per process, because two would mix their lines. It is never closed.
 *
 * Pipes and sockets are written by the event loop, because they may be in non-blocking mode (those of a process that Node
 * started are), where a plain write fails with EAGAIN. Files and terminals are written by a thread. `process.stdout` would
 * write both synchronously (Node's documentation, "A note on process I/O").
 */
export function standardOutput(): StandardOutput {
  opened ??= open(1);
  return opened;
}

function open(fd: number): StandardOutput {
  const stat = fstatSync(fd);
  if (stat.isFIFO() || stat.isSocket()) {
    const stream = new Socket({ fd, readable: false, writable: true });
    return { stream, terminal: false, isBlocked: () => false };
  }
  const stream = createWriteStream('', { fd, autoClose: false });
  return { stream, terminal: isatty(fd), isBlocked: () => stream.writableLength > 0 };
}

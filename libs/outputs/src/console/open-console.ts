import type { Publisher, RoutedEvent } from '@dstream/core';
import { ConsolePublisher, jsonLine, visibleJsonLine } from './console-publisher.ts';
import { prettyLine } from './pretty-line.ts';
import { standardOutput } from './standard-output.ts';

type Format = 'auto' | 'json' | 'pretty';

/** Standard output; `auto` is pretty in a terminal, else JSON. */
export function openConsole(format: Format): Publisher {
  const output = standardOutput();
  const { stream, terminal } = output;
  return new ConsolePublisher({
    stream,
    format: lineOf(format, terminal),
    isBlocked: () => output.isBlocked(),
  });
}

function lineOf(format: Format, terminal: boolean): (event: RoutedEvent) => string {
  if (format === 'pretty' || (format === 'auto' && terminal)) return prettyLine({ colour: terminal });
  return terminal ? visibleJsonLine : jsonLine;
}

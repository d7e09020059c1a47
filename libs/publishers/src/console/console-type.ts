import { choice, withDefault } from '@dstream/config/schema';
import type { RoutedEvent } from '@dstream/core';
import { definePublisher } from '../publisher-type.ts';
import { ConsolePublisher, jsonLine, visibleJsonLine } from './console-publisher.ts';
import { prettyLine } from './pretty-line.ts';
import { standardOutput } from './standard-output.ts';

export const consoleType = definePublisher({
  type: 'console',
  doc: 'Changes on standard output.',
  keys: {
    format: withDefault(
      choice(['auto', 'json', 'pretty']),
      'auto',
      'One line of JSON a change, or readable; "auto" is pretty in a terminal, else JSON.',
    ),
  },
  settings: ({ values }) => ({ format: values.format }),
  open: ({ format }) => {
    const output = standardOutput();
    const { stream, terminal } = output;
    return new ConsolePublisher({
      stream,
      format: formatOf(format, terminal),
      isBlocked: () => output.isBlocked(),
    });
  },
});

function formatOf(format: 'auto' | 'json' | 'pretty', terminal: boolean): (event: RoutedEvent) => string {
  if (format === 'pretty' || (format === 'auto' && terminal)) return prettyLine({ colour: terminal });
  return terminal ? visibleJsonLine : jsonLine;
}

import { choice, withDefault } from '@dstream/config/schema';
import { definePublisher } from '../publisher-type.ts';
import { ConsolePublisher, jsonLine } from './console-publisher.ts';
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
    const pretty = format === 'pretty' || (format === 'auto' && terminal);
    return new ConsolePublisher({
      stream,
      format: pretty ? prettyLine({ colour: terminal }) : jsonLine,
      isBlocked: () => output.isBlocked(),
    });
  },
});

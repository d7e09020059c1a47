import { choice, defineOutput, withDefault } from '@dstream/config/schema';

/** `output { type = "console" }`. */
export const consoleType = defineOutput({
  type: 'console',
  doc: 'Changes on standard output.',
  keys: {
    format: withDefault(
      choice(['auto', 'json', 'pretty']),
      'auto',
      'One line of JSON per change, or readable text; "auto" is readable text in a terminal, else JSON. Of envelopes other than "dstream" there is no readable text.',
    ),
  },
  settings: ({ values }) => ({ format: values.format }),
  carries: ({ format }) =>
    format === 'pretty' ? { ownFormOnly: 'format = "pretty" has no envelope; write format = "json"' } : {},
  open: async ({ format }) => (await import('./console-publisher.ts')).openConsole(format),
});

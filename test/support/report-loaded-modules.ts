/**
 * Preloaded into a process (`--import`) by `loaded-modules.ts`: at its end it writes the addresses of all modules that it
 * has imported or required, a line each, to the file that `DSTREAM_TEST_LOADED` names.
 */
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const file = process.env['DSTREAM_TEST_LOADED'] ?? '';
// What this process starts is another one.
delete process.env['DSTREAM_TEST_LOADED'];
delete process.env['NODE_OPTIONS'];

const loaded = new Set<string>();
registerHooks({
  load: (url, context, nextLoad) => {
    if (url.startsWith('file:')) loaded.add(url);
    return nextLoad(url, context);
  },
});
process.on('exit', () => writeFileSync(file, [...loaded].join('\n')));

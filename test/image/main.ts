/**
 * `npm run test:image [-- --install]`: builds the image from `deploy/Dockerfile` and tries it. Needs Docker or podman;
 * `--install` installs podman by apt-get. Where no engine
 * answers it says so and succeeds.
 */
import { parseArgs } from 'node:util';
import { isInstalled } from '../foreign/program.ts';
import { runClients } from '../foreign/run-clients.ts';
import { testImage } from './test-image.ts';

const { values } = parseArgs({ options: { install: { type: 'boolean', default: false } } });

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));

const write = (line: string): void => console.log(line);
const client = {
  name: 'image',
  tools: [],
  prepare: () => Promise.resolve(),
  run: testImage.bind(undefined, values.install),
};
process.exitCode = await runClients([client], { write, isInstalled }, stop.signal);

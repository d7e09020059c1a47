/**
 * `npm run test:chart [-- --all] [-- --update]`: the chart, the alerts and the metrics, by tools that others wrote.
 * `--all` adds what takes longer; `--update` first makes the chart's README and its copies of alerts and dashboard anew.
 */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isInstalled } from '../foreign/program.ts';
import { runClients } from '../foreign/run-clients.ts';
import { copies } from './chart-copies.ts';
import { checks } from './checks.ts';
import { root } from './go-tools.ts';

const { values: options } = parseArgs({
  options: { all: { type: 'boolean', default: false }, update: { type: 'boolean', default: false } },
});

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));

if (options.update) for (const [from, to] of copies) await copyFile(join(root, from), join(root, to));
const write = (line: string): void => console.log(line);
process.exitCode = await runClients(checks(options), { write, isInstalled }, stop.signal);

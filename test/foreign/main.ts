/**
 * `npm run test:foreign [-- NAME…]`: clients that other vendors wrote in other languages, against the stand-ins and what
 * dstream published. A name is the beginning of a client's: `python`, `go/azservicebus`.
 */
import { parseArgs } from 'node:util';
import { clients } from './clients.ts';
import { isInstalled } from './program.ts';
import { runClients } from './run-clients.ts';

const { positionals: wanted } = parseArgs({ allowPositionals: true });
const unknown = wanted.filter((name) => !clients.some((client) => client.name.startsWith(name)));
const chosen = clients.filter(({ name }) => wanted.length === 0 || wanted.some((w) => name.startsWith(w)));

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));

if (unknown.length > 0) {
  console.error(
    `error: no client is called "${unknown[0]}": there are ${clients.map(({ name }) => name).join(', ')}`,
  );
  process.exitCode = 2;
} else {
  const write = (line: string): void => console.log(line);
  process.exitCode = await runClients(chosen, { write, isInstalled }, stop.signal);
}

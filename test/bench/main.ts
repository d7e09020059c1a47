/** `npm run bench`, or `npm run bench -- NAME`: prints figures, decides nothing. */
import { backlog } from './backlog.ts';
import { envelope } from './envelopes.ts';
import { tableLine, type Figure } from './figure.ts';
import { handOver } from './hand-over.ts';
import { ingest } from './ingest.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { ordering } from './ordering.ts';
import { probe } from './probe.ts';
import { processConsole, processEventHubs, processFile, processHttp, processServiceBus } from './process.ts';
import { readMemory } from './read-memory.ts';
import { read } from './read.ts';
import { sessions } from './sessions.ts';
import { start } from './start.ts';
import { transformColumns, transformFilter, transformScript } from './transform.ts';

const benches: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  read,
  'read-memory': readMemory,
  probe,
  ingest,
  ordering,
  'process-console': processConsole,
  'process-service-bus': processServiceBus,
  'process-event-hubs': processEventHubs,
  'process-file': processFile,
  'process-http': processHttp,
  envelope,
  'transform-columns': transformColumns,
  'transform-filter': transformFilter,
  'transform-script': transformScript,
  sessions,
  'hand-over': handOver,
  start,
  latency,
  memory,
  backlog,
};

const args = process.argv.slice(2);
const json = args.includes('--json');
const names = args.filter((arg) => !arg.startsWith('--'));
const unknown = names.find((name) => !(name in benches));
if (unknown !== undefined) {
  process.stderr.write(`bench: there is no ${unknown}; there are ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
if (!json) process.stdout.write(`${tableLine(undefined)}\n`);
for (const [name, bench] of Object.entries(benches)) {
  if (names.length > 0 && !names.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  for (const figure of await bench())
    process.stdout.write(`${json ? JSON.stringify(figure) : tableLine(figure)}\n`);
}

/** `npm run bench`, or `npm run bench -- NAME`: prints figures, decides nothing. */
import { backlog } from './backlog.ts';
import { latency } from './latency.ts';
import type { Figure } from './figure.ts';

const benches: Readonly<Record<string, () => Promise<readonly Figure[]>>> = { latency, backlog };

const args = process.argv.slice(2);
const json = args.includes('--json');
const names = args.filter((arg) => !arg.startsWith('--'));
const unknown = names.find((name) => !(name in benches));
if (unknown !== undefined) {
  process.stderr.write(`bench: there is no ${unknown}; there are ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
for (const [name, bench] of Object.entries(benches)) {
  if (names.length > 0 && !names.includes(name)) continue;
  for (const figure of await bench()) {
    const line = json ? JSON.stringify(figure) : `${figure.name.padEnd(44)} ${figure.value} ${figure.unit}`;
    process.stdout.write(`${line}\n`);
  }
}

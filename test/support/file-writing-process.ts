/**
 * Publishes changes of three tables to files until it is killed: `node file-writing-process.ts PATH A=7 B=4 C=9`, each
 * table from the number given. Says `TABLE NUMBER` on standard output for what was acknowledged.
 */
import { writeSync } from 'node:fs';
import { silentLog } from '@dstream/core';
import { FilePublisher } from '@dstream/outputs/file';
import { nodeFileSystem } from '../../libs/outputs/src/file/file-system.ts';
import { thisProcess } from '../../libs/outputs/src/file/path-lock.ts';
import { sha256Hex } from '@dstream/runtime';
import { systemClock } from '@dstream/async';
import { aChange } from './a-change.ts';

const never = { signal: new AbortController().signal };
const [path = '', ...tables] = process.argv.slice(2);

const publisher = new FilePublisher({
  path,
  maxBytes: 40_000,
  maxAgeMs: 50,
  files: nodeFileSystem,
  identity: thisProcess,
  clock: systemClock,
  log: silentLog,
  hash: sha256Hex,
});

async function publishFrom(table: string, first: number): Promise<void> {
  for (let n = first; ;) {
    const size = 1 + Math.floor(Math.random() * 20);
    const events = Array.from({ length: size }, (_, i) => ({
      event: aChange(n + i, { table }),
      line: Buffer.from(JSON.stringify({ table, n: n + i, note: 'x'.repeat(Math.random() * 2_000) })),
      orderingKey: table,
    }));
    await publisher.publish(events, never);
    n += size;
    writeSync(1, `${table} ${n - 1}\n`);
  }
}

await publisher.connect(never);
await Promise.all(
  tables.map((each) => {
    const [table = '', first] = each.split('=');
    return publishFrom(table, Number(first));
  }),
);

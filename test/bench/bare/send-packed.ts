/**
 * The bare packed send: the SDK sends the changes of every table as JSON Lines, encoded once, packed by the limits
 * that our ingester has by default, in batches as large as the link takes, one batch in flight a session.
 */
import type { ServiceBusSender } from '@azure/service-bus';
import { sampleEvents } from '../sample.ts';
import { connectSender, inBatches, type SendOptions } from './sending.ts';
import { givenOptions, reportRun } from './report.ts';

/** `pack_max_bytes` and `pack_max_changes` (config/REFERENCE.md). */
const [maxBytes, maxChanges] = [131_072, 500];

const options = givenOptions() as SendOptions;
const sender = await connectSender(options);
const events = sampleEvents();

await reportRun(async () => {
  await Promise.all(options.tables.map((table) => sendTable(sender, table)));
});

function sendTable(to: ServiceBusSender, table: string): Promise<void> {
  return inBatches(to, packed(table, options.changesPerTable));
}

function* packed(sessionId: string, changes: number) {
  let lines: string[] = [];
  let bytes = 0;
  const message = () => ({
    messageId: `${sessionId}:${lines.length}:${Math.random()}`,
    sessionId,
    subject: sessionId,
    contentType: 'application/x-ndjson',
    applicationProperties: { table: sessionId, changes: lines.length },
    body: Buffer.from(lines.join('\n')),
  });
  for (let n = 0; n < changes; n += 1) {
    const line = JSON.stringify(events[n % events.length]);
    const length = Buffer.byteLength(line) + 1;
    if (lines.length === maxChanges || bytes + length > maxBytes) {
      yield message();
      [lines, bytes] = [[], 0];
    }
    lines.push(line);
    bytes += length;
  }
  yield message();
}

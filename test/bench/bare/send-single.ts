/** The bare simple send: the SDK sends one change a message, in batches as large as the link takes. */
import { sampleEvents } from '../sample.ts';
import { connectSender, inBatches, type SendOptions } from './sending.ts';
import { givenOptions, reportRun } from './report.ts';

const options = givenOptions() as SendOptions;
const sender = await connectSender(options);
const events = sampleEvents();

await reportRun(async () => {
  await Promise.all(options.tables.map((table) => inBatches(sender, single(table, options.changesPerTable))));
});

function* single(sessionId: string, changes: number) {
  for (let n = 0; n < changes; n += 1) {
    const event = events[n % events.length];
    yield {
      messageId: `${sessionId}:${n}`,
      sessionId,
      subject: sessionId,
      contentType: 'application/json',
      applicationProperties: { table: sessionId, operation: event?.metadata.operation ?? '' },
      body: Buffer.from(JSON.stringify(event)),
    };
  }
}

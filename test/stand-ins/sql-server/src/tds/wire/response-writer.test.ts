import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { MessageReader } from './message-reader.ts';
import { packetType } from './packet.ts';
import { ResponseWriter } from './response-writer.ts';

const frame = { type: packetType.result, packetBytes: 512, spid: 0x1234 };
const never = new AbortController().signal;

/** Takes nothing until `release`, then everything. */
class SlowSink extends Writable {
  readonly chunks: Buffer[] = [];
  #waiting: (() => void)[] = [];

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk);
    this.#waiting.push(done);
  }

  release(): void {
    for (const done of this.#waiting.splice(0)) done();
  }
}

function collector(): { sink: Writable; chunks: Buffer[] } {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return { sink, chunks };
}

test.each([0, 1, 503, 504, 505, 1008, 100_000])(
  '%i bytes become full packets and a last one',
  async (size) => {
    const { sink, chunks } = collector();
    const writer = new ResponseWriter(sink, frame);
    const body = Buffer.from(Array.from({ length: size }, (_, index) => index % 251));
    writer.body.raw(body);
    await writer.end(never);
    const sent = Buffer.concat(chunks);
    const packets = Math.max(Math.ceil(size / 504), 1);
    expect(sent.length).toBe(size + packets * 8);
    expect(new MessageReader().push(sent)).toEqual([{ type: 4, status: 1, body }]);
    expect(sent.readUInt16BE(4)).toBe(0x1234);
  },
);

test('what was flushed is gone and the rest keeps its order', async () => {
  const { sink, chunks } = collector();
  const writer = new ResponseWriter(sink, frame);
  writer.body.raw(Buffer.alloc(1200, 1));
  await writer.flush(never);
  expect(writer.body.length).toBe(1200 - 2 * 504);
  writer.body.raw(Buffer.alloc(10, 2));
  await writer.end(never);
  const [message] = new MessageReader().push(Buffer.concat(chunks));
  expect(message?.body).toEqual(Buffer.concat([Buffer.alloc(1200, 1), Buffer.alloc(10, 2)]));
});

test('flush waits until the stream has taken the bytes', async () => {
  const sink = new SlowSink();
  const writer = new ResponseWriter(sink, frame);
  writer.body.raw(Buffer.alloc(2000));
  let flushed = false;
  const flushing = writer.flush(never).then(() => (flushed = true));
  await Promise.resolve();
  expect(flushed).toBe(false);
  sink.release();
  await flushing;
  expect(sink.listenerCount('drain')).toBe(0);
});

test('flush stops waiting when the signal aborts, and leaves no listener', async () => {
  const sink = new SlowSink();
  const writer = new ResponseWriter(sink, frame);
  writer.body.raw(Buffer.alloc(2000));
  const abort = new AbortController();
  const flushing = writer.flush(abort.signal);
  abort.abort();
  await flushing;
  expect([sink.listenerCount('drain'), sink.listenerCount('close')]).toEqual([0, 0]);
});

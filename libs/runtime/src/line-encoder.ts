import type { EncodeLines } from '@dstream/core';

/** UTF-8 takes three bytes at most for a UTF-16 unit. */
const bytesPerUnit = 3;
const lineEnd = 0x0a;
const smallest = 4_096;

/**
 * Encodes each part straight to its place: there is no text of a line or of all lines, and none is gone through only to
 * learn its length. Begins with about as much memory as the last ones took.
 */
export function lineEncoder(): EncodeLines {
  let likely = smallest;
  return (lines) => {
    const starts = [0];
    let bytes: Buffer = Buffer.allocUnsafeSlow(likely);
    let at = 0;
    for (const parts of lines) {
      for (const part of parts) {
        const most = at + part.length * bytesPerUnit + 1;
        if (most > bytes.length) bytes = grown(bytes, at, most);
        at += bytes.write(part, at, 'utf8');
      }
      if (at === bytes.length) bytes = grown(bytes, at, at + 1);
      bytes[at] = lineEnd;
      at += 1;
      starts.push(at);
    }
    likely = Math.max(smallest, Math.ceil(at * 1.25));
    return { bytes, starts };
  };
}

function grown(bytes: Buffer, used: number, least: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(least, bytes.length * 2));
  bytes.copy(larger, 0, 0, used);
  return larger;
}

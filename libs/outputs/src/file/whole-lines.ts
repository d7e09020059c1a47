/** What of a file is whole lines. The rest was never acknowledged: the process ended while it was written. */
import type { OpenFile } from './file-system.ts';

/** What is written and made durable at once, at most, but for a single longer line. */
export const maxWriteBytes = 4_194_304;

const lineEnd = 10;

/**
 * Length of the file up to the end of its last whole line. After a loss of power a file system may show zeros where
 * data never arrived. No line of JSON holds one, so what stands behind the first zero of the last write is cut too.
 */
export async function wholeLength(file: OpenFile, sizeBytes: number): Promise<number> {
  let start = Math.max(0, sizeBytes - maxWriteBytes);
  const tail = await file.read(start, sizeBytes - start);
  const zero = tail.indexOf(0);
  let last = (zero < 0 ? tail : tail.subarray(0, zero)).lastIndexOf(lineEnd);
  while (last < 0 && start > 0) {
    const end = start;
    start = Math.max(0, end - maxWriteBytes);
    last = (await file.read(start, end - start)).lastIndexOf(lineEnd);
  }
  return start + last + 1;
}

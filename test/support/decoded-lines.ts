import { asDStreamError, decodeEnvelope, type RoutedEvent } from '@dstream/core';

/** The change of a line, on its way to an output. None for a line that is refused, which is done with a MalformedMessage. */
export function decodedLines(...lines: readonly string[]): readonly RoutedEvent[] {
  return lines.flatMap((line) => {
    try {
      return [{ event: decodeEnvelope(line), line: Buffer.from(line), orderingKey: '' }];
    } catch (error) {
      if (asDStreamError(error).code !== 'MalformedMessage') throw error;
      return [];
    }
  });
}

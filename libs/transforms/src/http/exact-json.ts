import { DStreamError, roundedNumber } from '@dstream/core';

/**
 * As `JSON.parse`. Throws TransformFailed where the text is no JSON, or holds a number that a double cannot hold, so that it
 * would be written with other digits.
 *
 * @param said the beginning of the error: who answered
 */
export function parseExactly(text: string, said: string): unknown {
  const { value, rounded } = parsed(text, said);
  if (rounded === undefined) return value;
  throw new DStreamError(
    'TransformFailed',
    `${said} with a number in ${JSON.stringify(rounded)} that has more digits than a double holds; answer with a string`,
  );
}

function parsed(
  text: string,
  said: string,
): { readonly value: unknown; readonly rounded: string | undefined } {
  try {
    return { value: JSON.parse(text), rounded: roundedNumber(text) };
  } catch (cause) {
    throw new DStreamError('TransformFailed', `${said} with what is not JSON`, { cause });
  }
}

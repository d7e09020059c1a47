import type { ReadStream } from 'node:tty';

/** `ctrl-c` and `ctrl-l`, else the character. */
export type Key = string;

type Input = Pick<ReadStream, 'setRawMode' | 'setEncoding' | 'resume' | 'pause' | 'on' | 'off'>;

const controls: Readonly<Record<string, Key>> = { '\u0003': 'ctrl-c', '\u000c': 'ctrl-l' };
/** Arrow and function keys: a sequence each, of which nothing is a key of ours. */
// oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
const sequences = /\u001b(?:\[[\d;]*[ -/]*[@-~]|O.|.)?/gsu;

/**
 * Calls `onKey` for every key as it is pressed, until disposed: then the terminal is as it was. Ctrl-C is a key too,
 * the terminal makes no signal of it. A terminal that goes away is no error here: SIGHUP reports it.
 */
export function readKeys(input: Input, onKey: (key: Key) => void): Disposable {
  const read = (text: string) => {
    for (const character of text.replace(sequences, '')) onKey(controls[character] ?? character);
  };
  const ignore = () => undefined;
  input.setRawMode(true);
  input.setEncoding('utf8');
  input.on('data', read);
  input.on('error', ignore);
  input.resume();
  return {
    [Symbol.dispose]: () => {
      input.off('data', read);
      input.pause();
      giveBack(input);
      input.off('error', ignore);
    },
  };
}

function giveBack(input: Input): void {
  try {
    input.setRawMode(false);
  } catch {
    // The terminal is gone, and its modes with it.
  }
}

import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { DStreamError } from '@dstream/core';

/** Far beyond any configuration: the wrong file was named. */
const maxBytes = 1_048_576;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist; name it with --config FILE',
  ENOTDIR: 'the file does not exist; name it with --config FILE',
  EISDIR: 'it is a directory; name the file in it',
  EACCES: 'the file is not readable; give this user the right to read it',
  EPERM: 'the file is not readable; give this user the right to read it',
};

/** The text of a configuration file, without a byte order mark. Rejects with ConfigInvalid, which names the file. */
export async function readConfigurationFile(file: string): Promise<string> {
  const bytes = await readBytes(file);
  if (bytes.byteLength > maxBytes)
    throw refused(file, 'the file is larger than 1 MiB; name a configuration file');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refused(file, 'the file is not UTF-8 text; save it as UTF-8', cause);
  }
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    // No further than it takes to know that it is too large: it may be a device without an end.
    return await buffer(createReadStream(file, { end: maxBytes }));
  } catch (cause) {
    const code = String((cause as NodeJS.ErrnoException).code);
    throw refused(file, reasons[code] ?? `the file cannot be read: ${code}`, cause);
  }
}

function refused(file: string, text: string, cause?: unknown): DStreamError {
  return new DStreamError('ConfigInvalid', `${file}: ${text}`, { cause });
}
